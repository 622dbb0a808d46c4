import { Unreachable, reasonOf } from './unreachable.ts'

/** Time that went by in the queue is not the host's fault: a call cut short by it blames nobody. */
export async function withFairBlame<T>(
  put: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  enoughMs: number,
): Promise<T> {
  const began = performance.now()
  try {
    return await put(signal)
  } catch (error) {
    const isCutShort = signal.aborted && performance.now() - began < enoughMs
    throw isCutShort ? new Unreachable(reasonOf(error, true), false) : error
  }
}

/** Deadlines of `totalMs` for works, all of which `close` ends at once. */
export function openDeadlines(totalMs: number) {
  const underWay = new Map<AbortController, Promise<unknown>>()
  let isClosed = false
  const end = (controller: AbortController, reason: Unreachable) => controller.abort(reason)

  /** Answers no later than the deadline, whatever the work does. */
  const within = async <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    if (isClosed) throw new Unreachable('refused', false)
    const controller = new AbortController()
    const { signal } = controller
    const timer = setTimeout(() => end(controller, new Unreachable('timeout')), totalMs)
    const ended = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Unreachable), { once: true })
    })
    const working = work(signal).finally(() => underWay.delete(controller))
    underWay.set(controller, working)
    try {
      return await Promise.race([working, ended])
    } finally {
      clearTimeout(timer)
    }
  }

  const close = async (): Promise<void> => {
    isClosed = true
    const works = [...underWay.values()]
    for (const controller of underWay.keys()) end(controller, new Unreachable('refused', false))
    await Promise.allSettled(works)
  }
  return { within, close }
}
