const LONGEST = 64

/**
 * Lists the candidates that were probably meant by `written`: first the candidates that differ only by typing errors, the nearest first,
 * then the candidates that contain `written`. The list is empty where no candidate is near.
 */
export function nearest(written: string, candidates: Iterable<string>, most = 1): string[] {
  if (written === '' || written.length > LONGEST) return []
  const plain = plainly(written)
  return [...new Set(candidates)]
    .map((candidate) => ({ candidate, distance: distanceTo(plain, plainly(candidate)) }))
    .filter(({ distance }) => distance < Infinity)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ candidate }) => candidate)
}

const SHORTEST_PART = 4

function distanceTo(plain: string, candidate: string): number {
  const distance = editDistance(plain, candidate)
  if (distance <= slips(plain, candidate)) return distance
  return plain.length >= SHORTEST_PART && candidate.includes(plain) ? distance : Infinity
}

/** Tells whether `written` differs from a name only by typing errors. */
export const isSlip = (written: string, name: string): boolean =>
  written.length <= LONGEST &&
  editDistance(plainly(written), plainly(name)) <= slips(plainly(written), plainly(name))

/** Returns the number of typing errors up to which one word still counts as a misspelling of the other: one in three letters. */
const slips = (a: string, b: string) => Math.floor(Math.min(a.length, b.length) / 3)

/** Returns one text for all spellings of a name: `accountNumber`, `Account-Number` and `account_number` become the same text. */
const plainly = (name: string) => name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')

/** Counts the letters that have to be added, removed, replaced or swapped with their neighbour to change `a` into `b`. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwap ? (beforeLast[j - 2] ?? 0) + 1 : Infinity
      row.push(Math.min(replaced, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, swapped))
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}
