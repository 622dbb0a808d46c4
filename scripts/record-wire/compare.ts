/** A difference is a line in which two records differ; both texts begin a little before the first different character. */
export type Difference = { line: number; request: string; before: string; after: string }

const BEFORE = 80
const BEHIND = 160

/** Finds the first lines in which two records of the wire differ, at most `most` of them. */
export function firstDifferences(before: string, after: string, most = 10): Difference[] {
  const [left, right] = [before.split('\n'), after.split('\n')]
  const differences: Difference[] = []
  const length = Math.max(left.length, right.length)
  for (let index = 0; index < length && differences.length < most; index += 1) {
    const [was, is] = [left[index] ?? '(no line)', right[index] ?? '(no line)']
    if (was === is) continue
    let at = 0
    while (was[at] === is[at]) at += 1
    const part = (text: string) => text.slice(Math.max(0, at - BEFORE), at + BEHIND)
    differences.push({ line: index + 1, request: was.slice(0, BEFORE), before: part(was), after: part(is) })
  }
  return differences
}
