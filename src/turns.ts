import { AsyncLocalStorage } from 'node:async_hooks'

/** `SLICE_MS` is the time in milliseconds for which work runs in one iteration of the event loop; then sockets, timers and probes come first again. */
const SLICE_MS = 5
/** `ARRIVALS_MS` is the part of a slice, in milliseconds, for requests whose tenant is not known yet. */
const ARRIVALS_MS = 2
/** `CONNECTIONS_FIRST_MS` is the longest time in milliseconds for which no work runs while connections come, since the event loop accepts one connection in each iteration. */
const CONNECTIONS_FIRST_MS = 20

/** A `FairQueue` holds the waiting work of each tenant: tenants are served round robin, and among the work of one tenant the work that has already begun comes first. */
class FairQueue {
  readonly #tenants = new Map<string, { going: (() => void)[]; fresh: (() => void)[] }>()

  get isEmpty() {
    return this.#tenants.size === 0
  }

  add(tenantId: string, lane: 'going' | 'fresh', work: () => void) {
    const waiting = this.#tenants.get(tenantId) ?? { going: [], fresh: [] }
    waiting[lane].push(work)
    this.#tenants.set(tenantId, waiting)
  }

  take(): (() => void) | undefined {
    const [first] = this.#tenants
    if (!first) return undefined
    const [tenantId, waiting] = first
    const work = waiting.going.shift() ?? waiting.fresh.shift()
    // A map keeps the order in which keys were added, so that a tenant that was served goes to the end.
    this.#tenants.delete(tenantId)
    if (waiting.going.length + waiting.fresh.length > 0) this.#tenants.set(tenantId, waiting)
    return work
  }
}

/** A `Visit` records how long one request has waited, and whether it has written. */
export type Visit = {
  /** `waitedMs` is the time in milliseconds for which the request has waited for the thread, and for its first use of the database writer. */
  waitedMs: number
  /** `hasWritten` is true once the request has used the database writer. */
  hasWritten: boolean
}

/** A `Turn` is the promise that resolves when the caller may continue; `undefined` means that the caller may continue at once. */
type Turn = Promise<void> | undefined

export type Turns = {
  /** `arrive` lets a request that has just arrived wait before anything is done for the request. */
  arrive(): Turn
  /** `begin` lets a request of the tenant wait until each other waiting tenant was served once, and until the work that the tenant has already begun has continued. */
  begin(tenantId: string): Turn
  /** `giveWay` lets other work run where the slice is used up; work that has begun calls `giveWay` between its parts. */
  giveWay(tenantId?: string): Turn
  /** `breathe` lets the event loop go on before the caller continues; use `breathe` in a transaction whose end others wait for. */
  breathe(): Turn
  /** `as` runs `work`; inside `work`, `giveWay` gives way in the name of this tenant. */
  as<T>(tenantId: string, work: () => Promise<T>): Promise<T>
  /** `enter` calls `next`; everything that runs in `next` belongs to the visit. */
  enter(visit: Visit, next: () => void): void
  /** `visit` returns the visit that the running code belongs to, and `undefined` outside of requests. */
  visit(): Visit | undefined
  /** `accepted` notes that a network connection was accepted in this iteration of the event loop. */
  accepted(): void
}

/**
 * Returns the functions that share out the one thread of a process in slices, so that neither a burst of requests nor a long answer stops other requests.
 * Without slices a chain of promises runs to its end in one iteration of the event loop, and all requests that are readable at once run in the same iteration.
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

  // A transaction runs before the others in every second slice, and after them in the slices between: otherwise a writer that is never idle would stop all others.
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
    isComing = false
    hasAccepted = false
    since = undefined
    if (!isWaiting()) {
      lastSlice = now
      return
    }
    if (isCrowd) return comeBack()
    lastSlice = now
    since = now
    isWriterFirst = !isWriterFirst
    release()
  }

  // Only one piece of work is released at a time: the next tick comes after everything that the released work does before it really waits.
  const release = () => {
    if (!isWaiting()) return
    const elapsed = clock() - (since ?? 0)
    comeBack()
    if (elapsed >= sliceMs) return
    takeNext(elapsed)?.()
    queueMicrotask(() => process.nextTick(release))
  }

  /** Returns true where the slice of this iteration of the event loop is used up; the first call of an iteration begins its slice. */
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

/** `turns` shares out the one thread of this process. */
export const turns = createTurns()

type Lock = <T>(holder: { tenantId: string; visit?: Visit | undefined }, work: () => Promise<T>) => Promise<T>

/**
 * Returns a lock that one caller holds at a time; waiting tenants get the lock round robin.
 * Among the visits of one tenant, a visit that has held the lock before comes first, so that one request ends before many are half done; then comes the visit that asked first.
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
      // The lock passes to the next caller without becoming free, so that nobody else can take it in between.
      if (next) next()
      else isHeld = false
    }
  }
}
