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

/** A bulkhead runs works, or lets them wait until the limits allow one more; a work whose signal ends while it waits is never begun. */
export type Bulkhead = <T>(key: string, work: () => Promise<T>, signal: AbortSignal) => Promise<T>

/**
 * Makes a bulkhead that never runs more than `perKey` works of one key nor more than `overall` works of all keys, and that lets `queue` works wait for each limit.
 * Throws `Unreachable` with `busy` where the queue is full. A work that waits for its own key does not count against other keys.
 */
export function openBulkhead(size: { perKey: number; overall: number; queue: number }): Bulkhead {
  const all = bulkhead(size.overall, size.queue)
  const entries = new Map<string, { policy: BulkheadPolicy; users: number }>()
  return async (key, work, signal) => {
    const entry = entries.get(key) ?? { policy: bulkhead(size.perKey, size.queue), users: 0 }
    entries.set(key, entry)
    entry.users += 1
    try {
      return await entry.policy.execute(() => all.execute(work, signal), signal)
    } catch (error) {
      if (error instanceof BulkheadRejectedError) throw new Unreachable('busy')
      if (error instanceof TaskCancelledError) throw new Unreachable('timeout')
      throw error
    } finally {
      entry.users -= 1
      if (entry.users === 0) entries.delete(key)
    }
  }
}

/** `Breakers` run a work for a host, unless the host has failed too often. */
export type Breakers = <T>(host: string, work: () => Promise<T>) => Promise<T>

/**
 * Makes one circuit breaker for each host, which opens after `failures` failures in a row that are the host's fault; while it is open, works are refused with `breaker_open`.
 * After `openMs` milliseconds one call tries again, and its result closes or opens the breaker.
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
