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
import { newRest, shuffled, waitFor } from '../worker.ts'
import { runCheck } from './run-check.ts'

/** Checks of one process at a time, and of them of one carrier: fewer than refusals lock an account for, so that people get through. */
export const SLOTS = 16
export const SLOTS_A_CARRIER = 2
/** Checks of one carrier in a minute, of all processes together. */
export const MOST_A_MINUTE = 60
const MINUTE_MS = 60_000
/** Longer than a check of several steps takes: a process that dies leaves its claims to others after this. */
export const CLAIM_MS = 2 * MINUTE_MS
const LOOK_MS = 5_000
/** When to look again at a connection whose tenant is disabled. */
const AT_REST_MS = 24 * 60 * MINUTE_MS
/** Looked at for one carrier: more than fit in, since others may be faster with some. */
const LISTED = 16

export type Checks = {
  /** Checks what is due and fits in, and waits for it; answers how many checks it began. */
  tick(): Promise<number>
  /** Does so by itself from now on, whenever something is due. */
  start(): void
  /** Claims nothing any more, and gives checks under way `patienceMs` to end; what does not is checked again by others. */
  stop(patienceMs: number): Promise<void>
}

/**
 * A worker that checks connections when they are due; several may work on one database, and no two are at one connection at the same time.
 * Where verification is off it does nothing.
 */
export function createChecks(ctx: Context, { random = Math.random }: { random?: () => number } = {}): Checks {
  const { store, log } = ctx
  const isOff = ctx.config.verification === 'off'
  /** By what is under way, its carrier. */
  const underWay = new Map<Promise<void>, string>()
  /** Carriers whose budget is spent, and when there is some again. */
  const spent = new Map<string, number>()
  const rest = newRest()
  let isStopped = false
  let isAbandoned = false
  let looping: Promise<void> | undefined

  const start = (claim: CheckClaim): Promise<void> => {
    const running = runCheck(ctx, claim, () => isAbandoned).then(() => {
      underWay.delete(running)
      rest.end()
    })
    underWay.set(running, claim.carrier)
    return running
  }

  const roomFor = (carrier: string): number => {
    const wait = (spent.get(carrier) ?? 0) - ctx.clock().getTime()
    // Longer than a minute is no budget: the clock was wrong when it was spent.
    if (isStopped || (wait > 0 && wait <= MINUTE_MS + CLOCKS_APART_MS)) return 0
    const own = [...underWay.values()].filter((one) => one === carrier).length
    return Math.min(SLOTS - underWay.size, SLOTS_A_CARRIER - own)
  }

  const beginCarrier = async (carrier: string, at: string): Promise<Promise<void>[]> => {
    if (roomFor(carrier) <= 0) return []
    const due = await store.cross({ path: 'check' }, (db) => listDueChecks(db, carrier, at, LISTED))
    const begun: Promise<void>[] = []
    for (const check of due) {
      if (roomFor(carrier) <= 0) break
      try {
        const claim = await claimWithin(ctx, check)
        if (claim === undefined) continue
        if (claim === 'at rest') {
          // What it stood in front of is looked for at once.
          rest.end()
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

  /** Begins what is due and fits in; what it answers is under way. */
  const begin = async (): Promise<Promise<void>[]> => {
    if (isOff) return []
    const at = ctx.clock().toISOString()
    const carriers = await store.cross({ path: 'check' }, (db) => listDueCarriers(db, at))
    const begun: Promise<void>[] = []
    for (const carrier of shuffled(carriers, random)) begun.push(...(await beginCarrier(carrier, at)))
    return begun
  }

  const loop = async (): Promise<void> => {
    while (!isStopped) {
      rest.begin()
      try {
        void (await begin())
      } catch (error) {
        log.warn({ err: error }, 'checks could not be looked for')
      }
      // A check that ends makes room: then the next look comes at once. Processes that started together drift apart.
      await rest.last(LOOK_MS * (0.5 + random()))
    }
  }

  return {
    tick: async () => {
      const begun = await begin()
      await Promise.all(begun)
      return begun.length
    },
    start: () => void (isOff || (looping ??= loop())),
    stop: async (ms) => {
      isStopped = true
      rest.end()
      await looping
      await waitFor(underWay.keys(), ms)
      isAbandoned = true
    },
  }
}

/**
 * Claims a check that is still due, within its carrier's budget; the sandbox asks no carrier, and spends none.
 * That of a disabled tenant is put off, each for itself, so that they do not come together once it is enabled.
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
