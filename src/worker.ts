/** A wait that can be ended early, also before it is begun. */
export type Rest = {
  /** Forgets that it was ended before. */
  begin: () => void
  end: () => void
  /** Waits for so long, or until it is ended. */
  last: (ms: number) => Promise<void>
}

/** A rest for a loop that works when something is due: whoever makes room ends it. */
export function newRest(): Rest {
  let isOver = false
  let wake = () => {}
  return {
    begin: () => void (isOver = false),
    end: () => {
      isOver = true
      wake()
    },
    last: (ms) =>
      new Promise((resolve) => {
        if (isOver) return resolve()
        const timer = setTimeout(resolve, ms)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      }),
  }
}

/** Waits until all of this has ended, but not longer than `ms`. */
export async function waitFor(underWay: Iterable<Promise<unknown>>, ms: number): Promise<void> {
  const enough = newRest()
  void Promise.allSettled(underWay).then(() => enough.end())
  await enough.last(ms)
}

/** The list in an order that `random` gives, so that nobody is always first. */
export function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item)
}
