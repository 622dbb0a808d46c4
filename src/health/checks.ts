import { later } from '../time.ts'
import { CLOCKS_APART_MS } from '../connections/carrier/limit-attempts.ts'
import type { Context } from '../context.ts'
import { takeTurn } from '../store/tables/connections/check-budget.ts'
import {
  claimCheck,
  findDueCheck,
  listDueCarriers,
  listDueChecks,
  planCheck,
  type CheckClaim,
  type DueCheck,
} from '../store/tables/connections/checks.ts'
import { findTenant } from '../store/tables/tenants/tenants.ts'
import { createPollingLoop, shuffle, waitFor } from '../polling-loop.ts'
import { runCheck } from './run-check.ts'

/** One process runs at most `SLOTS` checks at a time, and at most `SLOTS_A_CARRIER` of one carrier. The latter is less than the number of attempts that lock a login, so that people can still verify during checks. */
export const SLOTS = 16
export const SLOTS_A_CARRIER = 2
/** All processes together begin at most this many checks of one carrier in a minute. */
export const MOST_A_MINUTE = 60
const MINUTE_MS = 60_000
/** A claim on a check lasts this many milliseconds, which is longer than a check of several steps takes; afterwards others can take over the claims of a process that died. */
export const CLAIM_MS = 2 * MINUTE_MS
const LOOK_MS = 5_000
/** A connection whose tenant is disabled is looked at again after this many milliseconds. */
const AT_REST_MS = 24 * 60 * MINUTE_MS
/** At most this many due checks of one carrier are listed: more than may begin, since other processes may claim some of them first. */
const LISTED = 16

export type Checks = {
  /** Begins the due checks that may begin now and waits for them; returns how many they are. */
  tick(): Promise<number>
  /** Starts to check by itself, whenever something is due. */
  start(): void
  /** Claims nothing any more, and waits at most `patienceMs` milliseconds for running checks; others check again what does not end by then. */
  stop(patienceMs: number): Promise<void>
}

/**
 * Returns a worker that checks connections when they are due; several may work on one database, and no two of them check one connection at the same time.
 * Where verification is off, the worker does nothing.
 */
export function createChecks(ctx: Context, { random = Math.random }: { random?: () => number } = {}): Checks {
  const { store, log } = ctx
  const isOff = ctx.config.verification === 'off'
  /** `underWay` maps each running check to its carrier. */
  const underWay = new Map<Promise<void>, string>()
  /** `spent` maps each carrier whose checks of this minute are used up to the time when the next check may begin. */
  const spent = new Map<string, number>()
  let isAbandoned = false

  const start = (claim: CheckClaim): Promise<void> => {
    const running = runCheck(ctx, claim, () => isAbandoned).then(() => {
      underWay.delete(running)
      loop.lookAgain()
    })
    underWay.set(running, claim.carrier)
    return running
  }

  const slotsFor = (carrier: string): number => {
    const wait = (spent.get(carrier) ?? 0) - ctx.clock().getTime()
    // A longer wait was computed by a process with a wrong clock, since a budget lasts one minute.
    if (loop.isStopped() || (wait > 0 && wait <= MINUTE_MS + CLOCKS_APART_MS)) return 0
    const own = [...underWay.values()].filter((one) => one === carrier).length
    return Math.min(SLOTS - underWay.size, SLOTS_A_CARRIER - own)
  }

  const beginCarrier = async (carrier: string, at: string): Promise<Promise<void>[]> => {
    if (slotsFor(carrier) <= 0) return []
    const due = await store.cross({ path: 'check' }, (db) => listDueChecks(db, carrier, at, LISTED))
    const begun: Promise<void>[] = []
    for (const check of due) {
      if (slotsFor(carrier) <= 0) break
      try {
        const claim = await claimWithin(ctx, check)
        if (claim === undefined) continue
        if (claim === 'at rest') {
          // The checks that are due after this one are looked for at once.
          loop.lookAgain()
          continue
        }
        if ('fence' in claim) begun.push(start(claim))
        else spent.set(carrier, claim.spentUntil)
      } catch (error) {
        log.warn({ err: error, carrier_id: check.key.carrierId }, 'a check could not be claimed')
      }
    }
    return begun
  }

  /** Begins the due checks that may begin now; returns the running checks. */
  const begin = async (): Promise<Promise<void>[]> => {
    if (isOff) return []
    const at = ctx.clock().toISOString()
    const carriers = await store.cross({ path: 'check' }, (db) => listDueCarriers(db, at))
    const begun: Promise<void>[] = []
    for (const carrier of shuffle(carriers, random)) begun.push(...(await beginCarrier(carrier, at)))
    return begun
  }

  // The next look comes at once when a check ends and another one may begin. The wait is random, so that processes that started together drift apart.
  const loop = createPollingLoop(begin, {
    waitMs: () => LOOK_MS * (0.5 + random()),
    onFailure: (error) => log.warn({ err: error }, 'checks could not be looked for'),
  })

  return {
    tick: async () => {
      const begun = await begin()
      await Promise.all(begun)
      return begun.length
    },
    start: () => {
      if (!isOff) loop.start()
    },
    stop: async (ms) => {
      await loop.stop()
      await waitFor(underWay.keys(), ms)
      isAbandoned = true
    },
  }
}

/**
 * Claims a check that is still due, unless the carrier has had its checks of this minute. In the sandbox no carrier is asked, and no check is counted.
 * A check of a disabled tenant is put off, each by a time of its own, so that these checks do not come together once the tenant is enabled.
 */
async function claimWithin(
  ctx: Context,
  due: DueCheck,
): Promise<CheckClaim | { spentUntil: number } | 'at rest' | undefined> {
  const { key, carrier } = due
  return ctx.store.transaction(key.tenantId, async (tx) => {
    const now = ctx.clock()
    const after = (ms: number) => new Date(now.getTime() + ms).toISOString()
    const found = await findDueCheck(tx, due, after(0))
    if (!found) return undefined
    if ((await findTenant(tx, key.tenantId))?.active !== 1) {
      await planCheck(tx, key, carrier, later(now, AT_REST_MS))
      return 'at rest'
    }
    const full =
      key.environment === 'sandbox'
        ? undefined
        : await takeTurn(
            tx,
            { carrier, at: after(0) },
            { since: after(-MINUTE_MS), latest: after(CLOCKS_APART_MS) },
            MOST_A_MINUTE,
          )
    return full ? { spentUntil: Date.parse(full.oldest) + MINUTE_MS } : claimCheck(tx, found, after(CLAIM_MS))
  })
}
