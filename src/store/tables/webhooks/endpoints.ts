import type { Db, Tx } from '../../db.ts'
import { failSomeDeliveries } from './deliveries.ts'
import type { WebhookEndpoint } from '../../schema/tables.ts'
import { inScope, type TenantScope } from '../../scope.ts'

export type WebhookKey = TenantScope & { webhookId: string }

/** Returns the columns that name one webhook. */
export const byWebhook = (key: WebhookKey) => ({ ...inScope(key), webhook_id: key.webhookId })

/** Finds the endpoint with this id; the id of another tenant's endpoint finds nothing, like a missing id. */
export function findWebhook(db: Db, key: WebhookKey): Promise<WebhookEndpoint | undefined> {
  return db
    .selectFrom('webhook_endpoint')
    .selectAll()
    .where((eb) => eb.and(byWebhook(key)))
    .executeTakeFirst()
}

/** Lists the endpoints of one environment of a tenant, oldest first. */
export function listEndpoints(db: Db, scope: TenantScope): Promise<WebhookEndpoint[]> {
  return db
    .selectFrom('webhook_endpoint')
    .selectAll()
    .where((eb) => eb.and(inScope(scope)))
    .orderBy('created_at')
    .orderBy('webhook_id')
    .execute()
}

/** Lists the ids of the endpoints that want this event and are not disabled. */
export async function listSubscribers(db: Db, scope: TenantScope, event: string): Promise<string[]> {
  const rows = await db
    .selectFrom('webhook_endpoint')
    .select('webhook_id')
    .where((eb) => eb.and({ ...inScope(scope), event }))
    .where('disabled_at', 'is', null)
    .execute()
  return rows.map(({ webhook_id }) => webhook_id)
}

/** Adds an endpoint. */
export async function insertWebhook(tx: Tx, row: WebhookEndpoint): Promise<void> {
  await tx.insertInto('webhook_endpoint').values(row).execute()
}

type WebhookChange = Partial<
  Omit<WebhookEndpoint, 'tenant_id' | 'environment' | 'webhook_id' | 'event' | 'created_at'>
>

/** Changes an endpoint. */
export async function changeWebhook(tx: Tx, key: WebhookKey, change: WebhookChange): Promise<void> {
  await tx
    .updateTable('webhook_endpoint')
    .set(change)
    .where((eb) => eb.and(byWebhook(key)))
    .execute()
}

/** Notes that a message was delivered, so that the endpoint no longer counts as failing. */
export async function markWorking(tx: Tx, key: WebhookKey): Promise<void> {
  await tx
    .updateTable('webhook_endpoint')
    .set({ failing_since: null })
    .where((eb) => eb.and(byWebhook(key)))
    .where('failing_since', 'is not', null)
    .execute()
}

/** Disables an endpoint and marks its pending deliveries as failed; where there are many, the rest is marked once it is due. Returns `false` where the endpoint was disabled before or is gone. */
export async function disableWebhook(tx: Tx, key: WebhookKey, at: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('webhook_endpoint')
    .set({ disabled_at: at })
    .where((eb) => eb.and(byWebhook(key)))
    .where('disabled_at', 'is', null)
    .executeTakeFirst()
  await failSomeDeliveries(tx, key)
  return numUpdatedRows === 1n
}

/** Removes an endpoint with its deliveries. */
export async function deleteWebhook(tx: Tx, key: WebhookKey): Promise<void> {
  await tx
    .deleteFrom('webhook_endpoint')
    .where((eb) => eb.and(byWebhook(key)))
    .execute()
}
