/** A polling loop looks for due work again and again, until it is stopped. */
export type PollingLoop = {
  /** Starts the loop; a second call changes nothing. */
  start(): void
  /** Lets the next look come at once, or right after a look that is under way; call this where something has ended, because other work may begin then. */
  lookAgain(): void
  /** Says whether `stop` has been called. */
  isStopped(): boolean
  /** Ends the loop; resolves once the look under way has ended. */
  stop(): Promise<void>
}

/** Makes a loop that calls `look`, and then waits for the milliseconds that `waitMs` returns; a look that fails is told to `onFailure`, and the loop goes on. */
export function createPollingLoop(
  look: () => Promise<unknown>,
  { waitMs, onFailure }: { waitMs: (last: 'done' | 'failed') => number; onFailure: (error: unknown) => void },
): PollingLoop {
  let isStopped = false
  let looksAgain = false
  let wake = () => {}
  let looping: Promise<void> | undefined

  const lookAgain = () => {
    looksAgain = true
    wake()
  }

  const wait = (ms: number) =>
    new Promise<void>((resolve) => {
      if (looksAgain) return resolve()
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  const loop = async (): Promise<void> => {
    while (!isStopped) {
      looksAgain = false
      let last: 'done' | 'failed' = 'done'
      try {
        await look()
      } catch (error) {
        last = 'failed'
        onFailure(error)
      }
      await wait(waitMs(last))
    }
  }

  return {
    start: () => {
      looping ??= loop()
    },
    lookAgain,
    isStopped: () => isStopped,
    stop: async () => {
      isStopped = true
      lookAgain()
      await looping
    },
  }
}

/** Waits until all promises of `underWay` have settled, but not longer than `ms` milliseconds. */
export function waitFor(underWay: Iterable<Promise<unknown>>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    void Promise.allSettled(underWay).then(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** Returns the list in a random order that follows from `random`, so that no entry is always first. */
export function shuffle<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item)
}
