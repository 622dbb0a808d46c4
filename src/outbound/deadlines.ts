import { Unreachable, reasonOf } from './unreachable.ts'

/** A deadline is a signal that is aborted when the time of a call is over; `left` returns the milliseconds that are left. */
export type Deadline = Readonly<{ signal: AbortSignal; left: () => number }>

/** A call with less than `LEAST_MS` left is not made, because no host could answer in this time. */
const LEAST_MS = 50

/**
 * Makes a call that has waited in the queue, unless its time is nearly over.
 * The time in the queue is not the host's fault, so a call that the deadline ended before it had run for `enoughMs` does not count against the host.
 */
export async function putInTurn<T>(
  { signal, left }: Deadline,
  enoughMs: number,
  put: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (signal.aborted || left() < LEAST_MS) throw new Unreachable('timeout', { againstHost: false })
  const began = performance.now()
  try {
    return await put(signal)
  } catch (error) {
    const isCutShort = signal.aborted && performance.now() - began < enoughMs
    if (!isCutShort) throw error
    throw new Unreachable(reasonOf(error, { connected: true }), { againstHost: false })
  }
}

/** Makes deadlines of at most `totalMs` milliseconds for works; `close` ends all works that are under way. */
export function openDeadlines(totalMs: number) {
  const underWay = new Map<AbortController, Promise<unknown>>()
  let isClosed = false
  const end = (controller: AbortController, reason: Unreachable) => controller.abort(reason)

  /** Runs a work and settles no later than its deadline, even where the work does not end. */
  const within = async <T>(
    work: (deadline: Deadline) => Promise<T>,
    { mostMs = totalMs }: { mostMs?: number | undefined } = {},
  ): Promise<T> => {
    if (isClosed) throw new Unreachable('refused', { againstHost: false })
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
    for (const controller of underWay.keys())
      end(controller, new Unreachable('refused', { againstHost: false }))
    await Promise.allSettled(works)
  }
  return { within, close }
}
