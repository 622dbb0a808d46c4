import {
  BrokenCircuitError,
  BulkheadRejectedError,
  ConsecutiveBreaker,
  TaskCancelledError,
  bulkhead,
  circuitBreaker,
  handleWhen,
  type BulkheadPolicy,
  type CircuitBreakerPolicy,
} from 'cockatiel'
import { Unreachable } from './unreachable.ts'

/** Runs work in its turn; a work whose signal ends while it waits is never begun. */
export type Bulkhead = <T>(key: string, work: () => Promise<T>, signal: AbortSignal) => Promise<T>

/**
 * A bulkhead that never runs more than `perKey` works of one key nor `overall` of all, and lets `queue` wait in each of them;
 * who finds the queue full is `busy`. Waiting for one's own key takes no place from other keys.
 */
export function openBulkhead(size: { perKey: number; overall: number; queue: number }): Bulkhead {
  const all = bulkhead(size.overall, size.queue)
  const rooms = new Map<string, { room: BulkheadPolicy; users: number }>()
  return async (key, work, signal) => {
    const entry = rooms.get(key) ?? { room: bulkhead(size.perKey, size.queue), users: 0 }
    rooms.set(key, entry)
    entry.users += 1
    try {
      return await entry.room.execute(() => all.execute(work, signal), signal)
    } catch (error) {
      if (error instanceof BulkheadRejectedError) throw new Unreachable('busy')
      if (error instanceof TaskCancelledError) throw new Unreachable('timeout')
      throw error
    } finally {
      entry.users -= 1
      if (entry.users === 0) rooms.delete(key)
    }
  }
}

/** Runs work, unless the host has failed too often. */
export type Breakers = <T>(host: string, work: () => Promise<T>) => Promise<T>

/**
 * Breakers of which each opens after `failures` failures in a row that speak against its host;
 * after `openMs` one call tries again and decides for all.
 */
export function openBreakers({ failures, openMs }: { failures: number; openMs: number }): Breakers {
  const counted = handleWhen((error) => error instanceof Unreachable && error.againstHost)
  const breakers = new Map<string, CircuitBreakerPolicy>()
  const create = () =>
    circuitBreaker(counted, { breaker: new ConsecutiveBreaker(failures), halfOpenAfter: openMs })
  return async (host, work) => {
    const breaker = breakers.get(host) ?? create()
    breakers.set(host, breaker)
    try {
      return await breaker.execute(work)
    } catch (error) {
      if (error instanceof BrokenCircuitError) throw new Unreachable('breaker_open')
      throw error
    }
  }
}
