import { sql, type ExpressionBuilder } from 'kysely'
import { isHeld, longestClaim } from '../../claims.ts'
import type { Db, Tx } from '../../db.ts'
import { PART } from '../../pages.ts'
import type { OutboxMessage, Schema, WebhookDelivery, WebhookEndpoint } from '../../schema/tables.ts'
import type { WebhookKey } from './endpoints.ts'

/** What waits, as the indexes of it say it, to the letter. */
const PENDING = sql<boolean>`state = 'pending'`

/** Due: waiting, its time has come, and nobody is at it. */
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

/** The tenants that have something due, along the crossing `deliver`. */
export async function listDueTenants(db: Db, at: string): Promise<string[]> {
  const due = new Set<string>()
  for (let after = ''; ;) {
    // In the order of the index, in which the first of each tenant is the one that is due first.
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

/** The endpoints of a tenant that have something due. */
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

/** A delivery that is this process's alone until its claim ends, and all that it takes. */
export type Claim = {
  key: WebhookKey
  endpoint: WebhookEndpoint
  message: OutboxMessage
  attempts: number
  /** Counted up by every claim: who claimed before cannot write any more. */
  fence: number
}

/** Claims at most `limit` due deliveries of an endpoint until `until`, longest due first. */
export async function claimDeliveries(
  tx: Tx,
  key: WebhookKey,
  limit: number,
  at: string,
  until: string,
): Promise<Claim[]> {
  const { tenantId: tenant_id, environment, webhookId: webhook_id } = key
  const endpoint = await tx
    .selectFrom('webhook_endpoint')
    .selectAll()
    .where((eb) => eb.and({ tenant_id, environment, webhook_id }))
    .executeTakeFirst()
  if (!endpoint) return []
  if (endpoint.disabled_at !== null) {
    // What was too much to be given up when it was disabled.
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
  const claims: Claim[] = []
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

/** Writes what became of a claim and ends it; `false` when another process has claimed the delivery since, or it is gone. */
export async function settleClaim(
  tx: Tx,
  { key, message, fence }: Pick<Claim, 'key' | 'message' | 'fence'>,
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
    // What was given up meanwhile, because its endpoint was stopped, stays so unless it has arrived.
    .$if(result.state !== 'delivered', (query) => query.where('state', '=', 'pending'))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Puts what is due for a tenant off until `until`, a part of it where it is much; no attempt is counted. */
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

/** Rows that one statement writes at most where many are to go. */
const SWEPT_AT_ONCE = 500

/** Removes a part of what is left at an endpoint, what waits and what is done; `false` where nothing is left. */
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

/** Gives up a part of what waits for an endpoint. */
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

/** Removes a part of a tenant's messages from before `before` that no endpoint waits for, with what became of them; answers whether there may be more. */
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
