import { Unreachable, reasonOf } from './unreachable.ts'

/** A signal that ends with the time of a call, and the milliseconds until then. */
export type Deadline = Readonly<{ signal: AbortSignal; left: () => number }>

/** What is left after a long wait can be too short for any host. */
const LEAST_MS = 50

/**
 * Puts a call whose turn has come, unless its time is all but over.
 * Time that went by in the queue is not the host's fault: a call cut short by it blames nobody.
 */
export async function putInTurn<T>(
  { signal, left }: Deadline,
  enoughMs: number,
  put: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (signal.aborted || left() < LEAST_MS) throw new Unreachable('timeout', false)
  const began = performance.now()
  try {
    return await put(signal)
  } catch (error) {
    const isCutShort = signal.aborted && performance.now() - began < enoughMs
    throw isCutShort ? new Unreachable(reasonOf(error, true), false) : error
  }
}

/** Deadlines of at most `totalMs` for works, all of which `close` ends at once. */
export function openDeadlines(totalMs: number) {
  const underWay = new Map<AbortController, Promise<unknown>>()
  let isClosed = false
  const end = (controller: AbortController, reason: Unreachable) => controller.abort(reason)

  /** Answers no later than the deadline, whatever the work does. */
  const within = async <T>(
    work: (deadline: Deadline) => Promise<T>,
    mostMs: number = totalMs,
  ): Promise<T> => {
    if (isClosed) throw new Unreachable('refused', false)
    const controller = new AbortController()
    const { signal } = controller
    const ms = Math.max(0, Math.min(totalMs, mostMs))
    const at = performance.now() + ms
    const timer = setTimeout(() => end(controller, new Unreachable('timeout')), ms)
    const ended = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Unreachable), { once: true })
    })
    const working = work({ signal, left: () => at - performance.now() }).finally(() =>
      underWay.delete(controller),
    )
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
