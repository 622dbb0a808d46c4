import { sql, type ExpressionBuilder } from 'kysely'
import { isHeld, longestClaim } from '../../claims.ts'
import type { Db, Tx } from '../../db.ts'
import { PART } from '../../pages.ts'
import type { OutboxMessage, Schema, WebhookDelivery, WebhookEndpoint } from '../../schema/tables.ts'
import type { WebhookKey } from './endpoints.ts'

/** `PENDING` is the condition for deliveries that are still to be made; its text has to equal the condition of their indexes. */
const PENDING = sql<boolean>`state = 'pending'`

/** Makes the condition for a delivery that is due at `at`: it is pending, its time has come, and no process holds a claim on it. */
const isDue = (at: string) => (eb: ExpressionBuilder<Schema, 'webhook_delivery'>) =>
  eb.and([
    PENDING,
    eb('webhook_delivery.next_at', '<=', at),
    eb.or([
      eb('webhook_delivery.claimed_until', 'is', null),
      eb('webhook_delivery.claimed_until', '<=', at),
      eb('webhook_delivery.claimed_until', '>', longestClaim(at)),
    ]),
  ])

/** Lists the tenants that have a delivery due, on the crossing `deliver`. */
export async function listDueTenants(db: Db, at: string): Promise<string[]> {
  const due = new Set<string>()
  for (let after = ''; ;) {
    // The rows come in the order of the index, in which a tenant's earliest delivery is the first.
    const rows = await db
      .selectFrom('webhook_delivery')
      .select(['tenant_id', 'next_at', 'claimed_until'])
      .where(PENDING)
      .where('tenant_id', '>', after)
      .orderBy('tenant_id')
      .orderBy('next_at')
      .limit(PART)
      .execute()
    for (const { tenant_id, next_at, claimed_until } of rows)
      if (next_at <= at && !isHeld(claimed_until, at)) due.add(tenant_id)
    if (rows.length < PART) return [...due]
    after = rows.at(-1)?.tenant_id ?? after
  }
}

export type DueEndpoint = { key: WebhookKey; url: string; isFailing: boolean }

/** Lists the endpoints of a tenant that have a delivery due. */
export async function listDueEndpoints(db: Db, tenantId: string, at: string): Promise<DueEndpoint[]> {
  const rows = await db
    .selectFrom('webhook_endpoint as endpoint')
    .select(['endpoint.environment', 'endpoint.webhook_id', 'endpoint.url', 'endpoint.failing_since'])
    .where('endpoint.tenant_id', '=', tenantId)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('webhook_delivery')
          .select('webhook_delivery.message_id')
          .whereRef('webhook_delivery.tenant_id', '=', 'endpoint.tenant_id')
          .whereRef('webhook_delivery.environment', '=', 'endpoint.environment')
          .whereRef('webhook_delivery.webhook_id', '=', 'endpoint.webhook_id')
          .where(isDue(at)),
      ),
    )
    .execute()
  return rows.map(({ environment, webhook_id: webhookId, url, failing_since }) => ({
    key: { tenantId, environment, webhookId },
    url,
    isFailing: failing_since !== null,
  }))
}

/** A claim is a delivery that only this process may make until the claim ends, with everything that the delivery needs. */
export type DeliveryClaim = {
  key: WebhookKey
  endpoint: WebhookEndpoint
  message: OutboxMessage
  attempts: number
  /** `fence` is increased by every claim, so that an earlier claimant can no longer write. */
  fence: number
}

/** Claims until `until` at most `limit` deliveries of an endpoint that are due at `at`, the longest due first. */
export async function claimDeliveries(
  tx: Tx,
  key: WebhookKey,
  { limit, at, until }: { limit: number; at: string; until: string },
): Promise<DeliveryClaim[]> {
  const { tenantId: tenant_id, environment, webhookId: webhook_id } = key
  const endpoint = await tx
    .selectFrom('webhook_endpoint')
    .selectAll()
    .where((eb) => eb.and({ tenant_id, environment, webhook_id }))
    .executeTakeFirst()
  if (!endpoint) return []
  if (endpoint.disabled_at !== null) {
    // Disabling the endpoint gave up only a part of many deliveries; this gives up a further part.
    await failSomeDeliveries(tx, key)
    return []
  }
  const due = await tx
    .selectFrom('webhook_delivery')
    .selectAll()
    .where((eb) => eb.and({ tenant_id, environment, webhook_id }))
    .where(isDue(at))
    .orderBy('next_at')
    .limit(limit)
    .execute()
  const claims: DeliveryClaim[] = []
  for (const { message_id, attempts, fence } of due) {
    const message = await tx
      .selectFrom('outbox_message')
      .selectAll()
      .where((eb) => eb.and({ tenant_id, environment, message_id }))
      .executeTakeFirstOrThrow()
    await tx
      .updateTable('webhook_delivery')
      .set({ claimed_until: until, fence: fence + 1 })
      .where((eb) => eb.and({ tenant_id, environment, webhook_id, message_id }))
      .execute()
    claims.push({ key, endpoint, message, attempts, fence: fence + 1 })
  }
  return claims
}

type Result = Pick<WebhookDelivery, 'state' | 'attempts' | 'last_at' | 'last_status' | 'last_reason'> & {
  next_at?: string
}

/** Writes the result of a claimed delivery and ends the claim; returns `false` where another process has claimed the delivery since, or the delivery is gone. */
export async function settleClaim(
  tx: Tx,
  { key, message, fence }: Pick<DeliveryClaim, 'key' | 'message' | 'fence'>,
  result: Result,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('webhook_delivery')
    .set({ ...result, claimed_until: null })
    .where((eb) =>
      eb.and({
        tenant_id: key.tenantId,
        environment: key.environment,
        webhook_id: key.webhookId,
        message_id: message.message_id,
        fence,
      }),
    )
    // A delivery that was given up meanwhile, because its endpoint was disabled, stays failed unless the message has arrived.
    .$if(result.state !== 'delivered', (query) => query.where('state', '=', 'pending'))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Postpones the due deliveries of a tenant until `until`, at most `SWEPT_AT_ONCE` of them; no attempt is counted. */
export async function postponeDeliveries(tx: Tx, tenantId: string, at: string, until: string): Promise<void> {
  await tx
    .updateTable('webhook_delivery')
    .set({ next_at: until })
    .where('tenant_id', '=', tenantId)
    .where((eb) =>
      eb(
        eb.refTuple('environment', 'webhook_id', 'message_id'),
        'in',
        eb
          .selectFrom('webhook_delivery')
          .select(['environment', 'webhook_id', 'message_id'])
          .where('tenant_id', '=', tenantId)
          .where(isDue(at))
          .limit(SWEPT_AT_ONCE)
          .$asTuple('environment', 'webhook_id', 'message_id'),
      ),
    )
    .execute()
}

/** `SWEPT_AT_ONCE` is the largest number of rows that one statement changes or removes. */
const SWEPT_AT_ONCE = 500

/** Removes some deliveries of an endpoint, pending and finished ones; returns `false` where none were left. */
export async function deleteSomeDeliveries(tx: Tx, key: WebhookKey): Promise<boolean> {
  const own = { tenant_id: key.tenantId, environment: key.environment, webhook_id: key.webhookId }
  const { numDeletedRows } = await tx
    .deleteFrom('webhook_delivery')
    .where((eb) => eb.and(own))
    .where('message_id', 'in', (eb) =>
      eb
        .selectFrom('webhook_delivery')
        .select('message_id')
        .where((inner) => inner.and(own))
        .limit(SWEPT_AT_ONCE),
    )
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** Marks some pending deliveries of an endpoint as failed. */
export async function failSomeDeliveries(tx: Tx, key: WebhookKey): Promise<void> {
  const own = { tenant_id: key.tenantId, environment: key.environment, webhook_id: key.webhookId }
  await tx
    .updateTable('webhook_delivery')
    .set({ state: 'failed' })
    .where((eb) => eb.and(own))
    .where('message_id', 'in', (eb) =>
      eb
        .selectFrom('webhook_delivery')
        .select('message_id')
        .where((inner) => inner.and(own))
        .where(PENDING)
        .orderBy('next_at')
        .limit(SWEPT_AT_ONCE),
    )
    .execute()
}

/** Removes some of a tenant's messages from before `before` that have no pending delivery, with their finished deliveries; returns whether there may be more. */
export async function deleteOldMessages(tx: Tx, tenantId: string, before: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('outbox_message')
    .where('tenant_id', '=', tenantId)
    .where((eb) =>
      eb(
        eb.refTuple('environment', 'message_id'),
        'in',
        eb
          .selectFrom('outbox_message')
          .select(['environment', 'message_id'])
          .where('tenant_id', '=', tenantId)
          .where('created_at', '<', before)
          .where((inner) => {
            const waiting = inner
              .selectFrom('webhook_delivery')
              .select('webhook_delivery.message_id')
              .whereRef('webhook_delivery.tenant_id', '=', 'outbox_message.tenant_id')
              .whereRef('webhook_delivery.environment', '=', 'outbox_message.environment')
              .whereRef('webhook_delivery.message_id', '=', 'outbox_message.message_id')
              .where('webhook_delivery.state', '=', 'pending')
            return inner.not(inner.exists(waiting))
          })
          .orderBy('created_at')
          .limit(SWEPT_AT_ONCE)
          .$asTuple('environment', 'message_id'),
      ),
    )
    .executeTakeFirst()
  return numDeletedRows === BigInt(SWEPT_AT_ONCE)
}
