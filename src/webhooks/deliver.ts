import { setMaxListeners } from 'node:events'
import type { Context } from '../context.ts'
import {
  claimDeliveries,
  deleteOldMessages,
  listDueEndpoints,
  listDueTenants,
  postponeDeliveries,
  type DeliveryClaim,
  type DueEndpoint,
} from '../store/tables/webhooks/deliveries.ts'
import { findTenant } from '../store/tables/tenants/tenants.ts'
import { createPollingLoop, shuffle, waitFor } from '../polling-loop.ts'
import { attempt } from './attempt.ts'
import { eraseOldSecrets } from './rotate-secret.ts'
import { openDeliverySlots, SLOTS, type DeliveryTarget } from './delivery-slots.ts'

/** A claim lasts `CLAIM_MS`, which is longer than an attempt takes; after it, others take over the claims of a process that died. */
const CLAIM_MS = 60_000
const LOOK_MS = 1_000
const LOOK_AFTER_TROUBLE_MS = 5_000
/** The due deliveries of a disabled tenant are postponed by `AT_REST_MS`. */
const AT_REST_MS = 15 * 60_000
const ERASE_MS = 60_000
const CLEAN_MS = 60 * 60 * 1_000
/** A message is kept, and can be replayed, for `KEPT_MS`. */
const KEPT_MS = 30 * 24 * CLEAN_MS

/** `Deliveries` is the worker of one process that delivers messages to webhooks. */
export type Deliveries = {
  /** Attempts the due deliveries that the limits allow, waits for the attempts, and returns how many there were. */
  tick(): Promise<number>
  /** Makes the worker attempt deliveries by itself from now on, whenever some are due. */
  start(): void
  /** Stops claiming deliveries and gives the attempts under way `patienceMs` to end; others deliver the rest again. */
  stop(patienceMs: number): Promise<void>
}

type Options = { random?: () => number; patienceMs?: number; slowMs?: number }

/** Makes a worker that attempts due deliveries; several workers may use one database, and no two attempt one delivery at the same time. */
export function createDeliveries(
  ctx: Context,
  { random = Math.random, patienceMs, slowMs }: Options = {},
): Deliveries {
  const { store, log } = ctx
  const underWay = new Set<Promise<void>>()
  const slots = openDeliverySlots(slowMs)
  const cleaned = new Map<string, number>()
  let erased = 0
  const abandoning = new AbortController()
  setMaxListeners(SLOTS, abandoning.signal)

  const start = (claim: DeliveryClaim, target: DeliveryTarget): Promise<void> => {
    const { answered, leave } = slots.take(target)
    const running = attempt(ctx, claim, { random, patienceMs, answered, signal: abandoning.signal })
      .catch((error: unknown) => {
        // The claim of the delivery ends by itself, and the message is delivered again.
        log.warn({ err: error, message_id: claim.message.message_id }, 'a delivery could not be written down')
      })
      .then(() => {
        underWay.delete(running)
        leave()
        loop.lookAgain()
      })
    underWay.add(running)
    return running
  }

  const beginAt = async ({ key, url, isFailing }: DueEndpoint): Promise<Promise<void>[]> => {
    const { tenantId: tenant } = key
    const endpoint = [tenant, key.environment, key.webhookId].join()
    const target = { tenant, endpoint, host: URL.parse(url)?.hostname ?? url, isFailing }
    const limit = slots.left(target)
    if (limit <= 0) return []
    const claims = await store.transaction(key.tenantId, (tx) => {
      const now = ctx.clock()
      return claimDeliveries(tx, key, { limit, at: now.toISOString(), until: later(now, CLAIM_MS) })
    })
    return claims.map((claim) => start(claim, target))
  }

  /** Lists the endpoints of a tenant with due deliveries; for a disabled tenant it lists none and postpones the deliveries. */
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

  /** Begins the due deliveries that the limits allow, and returns the attempts under way. */
  const begin = async (): Promise<Promise<void>[]> => {
    const at = ctx.clock().toISOString()
    const tenants = await store.cross({ path: 'deliver' }, (db) => listDueTenants(db, at))
    const begun: Promise<void>[] = []
    for (const tenantId of shuffle(tenants, random)) {
      if (slots.isFull() || loop.isStopped()) break
      const due = await dueOf(tenantId, at)
      for (const endpoint of shuffle(due, random)) begun.push(...(await beginAt(endpoint)))
      await clean(tenantId)
    }
    await erase()
    return begun
  }

  /** Erases replaced secrets once in `ERASE_MS`, for all tenants, because a tenant with such a secret may have no deliveries. */
  const erase = async (): Promise<void> => {
    const now = ctx.clock().getTime()
    if (Math.abs(now - erased) < ERASE_MS) return
    erased = now
    await eraseOldSecrets(ctx)
  }

  /** Removes a tenant's old messages at most once in `CLEAN_MS`; this runs only beside deliveries, because only then does a tenant get new messages. */
  const clean = async (tenantId: string): Promise<void> => {
    const now = ctx.clock()
    if (Math.abs(now.getTime() - (cleaned.get(tenantId) ?? 0)) < CLEAN_MS) return
    cleaned.set(tenantId, now.getTime())
    const before = later(now, -KEPT_MS)
    while (
      !loop.isStopped() &&
      (await store.transaction(tenantId, (tx) => deleteOldMessages(tx, tenantId, before)))
    );
  }

  // An attempt that ends lets another one begin, and therefore makes the next look come at once.
  const loop = createPollingLoop(begin, {
    waitMs: (last) => (last === 'failed' ? LOOK_AFTER_TROUBLE_MS : LOOK_MS),
    onFailure: (error) => log.warn({ err: error }, 'webhooks could not be looked for'),
  })

  return {
    tick: async () => {
      const begun = await begin()
      await Promise.all(begun)
      return begun.length
    },
    start: () => loop.start(),
    stop: async (ms) => {
      await loop.stop()
      await waitFor(underWay, ms)
      abandoning.abort()
    },
  }
}

const later = (at: Date, ms: number) => new Date(at.getTime() + ms).toISOString()
