import { AsyncLocalStorage } from 'node:async_hooks'

/** For so long work goes on in one turn of the event loop; then sockets, timers and probes come first again. */
const SLICE_MS = 5
/** Of a slice, how long requests may take of which nobody knows yet whose they are. */
const ARRIVALS_MS = 2
/** The event loop accepts one connection a turn: while more come, the turns stay empty for at most so long. */
const CONNECTIONS_FIRST_MS = 20

/** Work that waits, by whose it is: tenants come round robin, and of one tenant first what has begun already. */
class FairQueue {
  readonly #tenants = new Map<string, { going: (() => void)[]; fresh: (() => void)[] }>()

  get isEmpty() {
    return this.#tenants.size === 0
  }

  add(tenantId: string, lane: 'going' | 'fresh', work: () => void) {
    let waiting = this.#tenants.get(tenantId)
    if (!waiting) this.#tenants.set(tenantId, (waiting = { going: [], fresh: [] }))
    waiting[lane].push(work)
  }

  take(): (() => void) | undefined {
    const [first] = this.#tenants
    if (!first) return undefined
    const [tenantId, waiting] = first
    const work = waiting.going.shift() ?? waiting.fresh.shift()
    // A map keeps the order in which keys were added: whoever had a turn goes to the end.
    this.#tenants.delete(tenantId)
    if (waiting.going.length + waiting.fresh.length > 0) this.#tenants.set(tenantId, waiting)
    return work
  }
}

/** A request on its way through its turns. */
export type Visit = {
  /** For how long it has waited for its turns, in milliseconds: of the thread, and the first of those of the writer. */
  waitedMs: number
  /** Whether it has had a turn of the writer. */
  hasWritten: boolean
}

/** When to go on; `undefined` says at once. */
type Turn = Promise<void> | undefined

export type Turns = {
  /** The turn of a request that has just arrived, before anything is done for it. */
  arrive(): Turn
  /** The turn of a request to begin: after one turn of each tenant that waits, and after what the own tenant has begun. */
  begin(tenantId: string): Turn
  /** Lets others go on where this turn has lasted long enough. Work that has begun calls it between its parts. */
  giveWay(tenantId?: string): Turn
  /** Lets the event loop go on, and no other work: for what others wait for. */
  breathe(): Turn
  /** Runs `work`, in which `giveWay` means this tenant. */
  as<T>(tenantId: string, work: () => Promise<T>): Promise<T>
  /** Goes on with `next`, in which everything belongs to this visit. */
  enter(visit: Visit, next: () => void): void
  /** The visit that what runs now belongs to; none outside of requests. */
  visit(): Visit | undefined
  /** Notes that a connection was accepted in this turn of the event loop. */
  accepted(): void
}

/**
 * Hands out the one thread of a process in slices, so that a burst or a long answer stops nobody.
 * Without it a chain of promises runs to its end in one turn of the event loop, and all requests that are readable at once run in the same.
 */
export function createTurns({
  sliceMs = SLICE_MS,
  clock = () => performance.now(),
}: { sliceMs?: number; clock?: () => number } = {}): Turns {
  const urgent: (() => void)[] = []
  const arrivals: (() => void)[] = []
  const waiting = new FairQueue()
  const current = new AsyncLocalStorage<{ tenantId?: string; visit?: Visit }>()
  let isWriterFirst = false
  let since: number | undefined
  let lastSlice = 0
  let hasAccepted = false
  let isComing = false

  // A transaction goes on in every second slice before the others, and in the slices between after them: where many wait for the writer, it is never idle.
  const takeNext = (elapsed: number): (() => void) | undefined => {
    const others = arrivals.length > 0 || !waiting.isEmpty
    if (urgent.length > 0 && (isWriterFirst || !others)) return urgent.shift()
    const isArrival = arrivals.length > 0 && (elapsed < Math.min(ARRIVALS_MS, sliceMs) || waiting.isEmpty)
    return isArrival ? arrivals.shift() : waiting.take()
  }

  const isWaiting = () => urgent.length > 0 || arrivals.length > 0 || !waiting.isEmpty

  const comeBack = () => {
    if (isComing) return
    isComing = true
    setImmediate(slice)
  }

  const slice = () => {
    const now = clock()
    const isCrowd = hasAccepted && now - lastSlice < CONNECTIONS_FIRST_MS
    isComing = hasAccepted = false
    since = undefined
    if (!isWaiting()) return void (lastSlice = now)
    if (isCrowd) return comeBack()
    lastSlice = since = now
    isWriterFirst = !isWriterFirst
    release()
  }

  // One at a time: a tick comes after all that the released work does before it really waits.
  const release = () => {
    if (!isWaiting()) return
    const elapsed = clock() - (since ?? 0)
    comeBack()
    if (elapsed >= sliceMs) return
    takeNext(elapsed)?.()
    queueMicrotask(() => process.nextTick(release))
  }

  /** Whether the slice of this turn of the event loop is used up; the first who asks begins it. */
  const isOver = () => {
    const now = clock()
    if (since === undefined) {
      since = now
      comeBack()
    }
    return now - since >= sliceMs
  }

  const queued = (add: (work: () => void) => void): Promise<void> => {
    comeBack()
    return new Promise(add)
  }

  return {
    arrive: () => (isOver() || arrivals.length > 0 ? queued((work) => void arrivals.push(work)) : undefined),
    begin: (tenantId) =>
      isOver() || isWaiting() || hasAccepted
        ? queued((work) => waiting.add(tenantId, 'fresh', work))
        : undefined,
    giveWay: (tenantId = current.getStore()?.tenantId ?? '') =>
      isOver() ? queued((work) => waiting.add(tenantId, 'going', work)) : undefined,
    breathe: () => (isOver() ? queued((work) => void urgent.push(work)) : undefined),
    as: (tenantId, work) => current.run({ ...current.getStore(), tenantId }, work),
    enter: (visit, next) => current.run({ visit }, next),
    visit: () => current.getStore()?.visit,
    accepted: () => {
      hasAccepted = true
      comeBack()
    },
  }
}

/** The turns of this process: it has one thread, so they are one. */
export const turns = createTurns()

type Lock = <T>(holder: { tenantId: string; visit?: Visit | undefined }, work: () => Promise<T>) => Promise<T>

/**
 * One at a time for those who ask; tenants that wait take turns.
 * Of one tenant a visit that has held it before comes first, so that one ends before many are half-way; then who asked first.
 */
export function createLock(): Lock {
  const waiting = new FairQueue()
  let isHeld = false
  return async ({ tenantId, visit }, work) => {
    const start = performance.now()
    if (isHeld)
      await new Promise<void>((resolve) =>
        waiting.add(tenantId, visit?.hasWritten ? 'going' : 'fresh', resolve),
      )
    isHeld = true
    if (visit && !visit.hasWritten) visit.waitedMs += performance.now() - start
    if (visit) visit.hasWritten = true
    try {
      return await work()
    } finally {
      const next = waiting.take()
      // Handed on without being let go of, so that nobody comes in between.
      if (next) next()
      else isHeld = false
    }
  }
}
