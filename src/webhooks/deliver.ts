import { setMaxListeners } from 'node:events'
import type { Context } from '../context.ts'
import {
  claimDeliveries,
  deleteOldMessages,
  listDueEndpoints,
  listDueTenants,
  postponeDeliveries,
  type Claim,
  type DueEndpoint,
} from '../store/tables/webhooks/deliveries.ts'
import { findTenant } from '../store/tables/tenants/tenants.ts'
import { newRest, shuffled, waitFor } from '../worker.ts'
import { attempt } from './attempt.ts'
import { eraseOldSecrets } from './rotate-secret.ts'
import { openRoom, SLOTS, type Place } from './delivery-slots.ts'

/** Longer than an attempt takes: a process that dies leaves its claims to others after this. */
const CLAIM_MS = 60_000
const LOOK_MS = 1_000
const LOOK_AFTER_TROUBLE_MS = 5_000
/** When to look again at what waits for a disabled tenant. */
const AT_REST_MS = 15 * 60_000
const ERASE_MS = 60_000
const CLEAN_MS = 60 * 60 * 1_000
/** How long a message can be replayed. */
const KEPT_MS = 30 * 24 * CLEAN_MS

export type Deliveries = {
  /** Attempts what is due and fits in, and waits for it; answers how many attempts it began. */
  tick(): Promise<number>
  /** Does so by itself from now on, whenever something is due. */
  start(): void
  /** Claims nothing any more, and gives attempts under way `patienceMs` to end; what does not is delivered again by others. */
  stop(patienceMs: number): Promise<void>
}

type Options = { random?: () => number; patienceMs?: number; slowMs?: number }

/** A worker that delivers what is due; several may work on one database, and no two are at one delivery at the same time. */
export function createDeliveries(
  ctx: Context,
  { random = Math.random, patienceMs, slowMs }: Options = {},
): Deliveries {
  const { store, log } = ctx
  const underWay = new Set<Promise<void>>()
  const room = openRoom(slowMs)
  const cleaned = new Map<string, number>()
  let erased = 0
  const rest = newRest()
  const abandoning = new AbortController()
  setMaxListeners(SLOTS, abandoning.signal)
  let isStopped = false
  let looping: Promise<void> | undefined

  const start = (claim: Claim, place: Place): Promise<void> => {
    const { answered, leave } = room.take(place)
    const running = attempt(ctx, claim, { random, patienceMs, answered, signal: abandoning.signal })
      .catch((error: unknown) => {
        // Its claim ends by itself, and it is delivered again.
        log.warn({ err: error, message_id: claim.message.message_id }, 'a delivery could not be written down')
      })
      .then(() => {
        underWay.delete(running)
        leave()
        rest.end()
      })
    underWay.add(running)
    return running
  }

  const beginAt = async ({ key, url, isFailing }: DueEndpoint): Promise<Promise<void>[]> => {
    const { tenantId: tenant } = key
    const endpoint = [tenant, key.environment, key.webhookId].join()
    const place = { tenant, endpoint, host: URL.parse(url)?.hostname ?? url, isFailing }
    const limit = room.left(place)
    if (limit <= 0) return []
    const claims = await store.transaction(key.tenantId, (tx) => {
      const now = ctx.clock()
      return claimDeliveries(tx, key, limit, now.toISOString(), later(now, CLAIM_MS))
    })
    return claims.map((claim) => start(claim, place))
  }

  /** What is due for a tenant; for one that is disabled nothing is, and all of it waits. */
  const dueOf = async (tenantId: string, at: string): Promise<DueEndpoint[]> => {
    const { tenant, due } = await store.read(tenantId, async (db) => ({
      tenant: await findTenant(db, tenantId),
      due: await listDueEndpoints(db, tenantId, at),
    }))
    if (tenant?.active === 1) return due
    await store.transaction(tenantId, (tx) =>
      postponeDeliveries(tx, tenantId, at, later(ctx.clock(), AT_REST_MS)),
    )
    return []
  }

  /** Begins what is due and fits in; what it answers is under way. */
  const begin = async (): Promise<Promise<void>[]> => {
    const at = ctx.clock().toISOString()
    const tenants = await store.cross({ path: 'deliver' }, (db) => listDueTenants(db, at))
    const begun: Promise<void>[] = []
    for (const tenantId of shuffled(tenants, random)) {
      if (room.isFull() || isStopped) break
      const due = await dueOf(tenantId, at)
      for (const endpoint of shuffled(due, random)) begun.push(...(await beginAt(endpoint)))
      await clean(tenantId)
    }
    await erase()
    return begun
  }

  /** What has to go may belong to a tenant that nothing is due for. */
  const erase = async (): Promise<void> => {
    const now = ctx.clock().getTime()
    if (Math.abs(now - erased) < ERASE_MS) return
    erased = now
    await eraseOldSecrets(ctx)
  }

  /** A tenant's messages grow in number only when there is something to deliver, so that it is enough to clean up then. */
  const clean = async (tenantId: string): Promise<void> => {
    const now = ctx.clock()
    if (Math.abs(now.getTime() - (cleaned.get(tenantId) ?? 0)) < CLEAN_MS) return
    cleaned.set(tenantId, now.getTime())
    const before = later(now, -KEPT_MS)
    while (
      !isStopped &&
      (await store.transaction(tenantId, (tx) => deleteOldMessages(tx, tenantId, before)))
    );
  }

  const loop = async (): Promise<void> => {
    while (!isStopped) {
      let ms = LOOK_MS
      rest.begin()
      try {
        void (await begin())
      } catch (error) {
        ms = LOOK_AFTER_TROUBLE_MS
        log.warn({ err: error }, 'webhooks could not be looked for')
      }
      // An attempt that ends makes room: then the next look comes at once.
      await rest.last(ms)
    }
  }

  return {
    tick: async () => {
      const begun = await begin()
      await Promise.all(begun)
      return begun.length
    },
    start: () => void (looping ??= loop()),
    stop: async (ms) => {
      isStopped = true
      rest.end()
      await looping
      await waitFor(underWay, ms)
      abandoning.abort()
    },
  }
}

const later = (at: Date, ms: number) => new Date(at.getTime() + ms).toISOString()
