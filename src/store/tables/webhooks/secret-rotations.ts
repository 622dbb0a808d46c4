import type { Db, Tx } from '../../db.ts'
import { byWebhook, type WebhookKey } from './endpoints.ts'

/** Writes the time until which a webhook's previous secret signs too, over an earlier time. */
export async function noteRotation(tx: Tx, key: WebhookKey, endsAt: string): Promise<void> {
  await tx
    .insertInto('webhook_rotation')
    .values({ ...byWebhook(key), ends_at: endsAt })
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'environment', 'webhook_id']).doUpdateSet({ ends_at: endsAt }),
    )
    .execute()
}

/** Lists at most `limit` webhooks whose rotation has ended at `at`, on the crossing `deliver`. */
export async function listEndedRotations(db: Db, at: string, limit: number): Promise<WebhookKey[]> {
  const rows = await db
    .selectFrom('webhook_rotation')
    .select(['tenant_id', 'environment', 'webhook_id'])
    .where('ends_at', '<=', at)
    .orderBy('ends_at')
    .limit(limit)
    .execute()
  return rows.map(({ tenant_id: tenantId, environment, webhook_id: webhookId }) => ({
    tenantId,
    environment,
    webhookId,
  }))
}

/** Removes a rotation that has ended at `at`; returns `false` where another process did so, or where a new rotation has begun. */
export async function endRotation(tx: Tx, key: WebhookKey, at: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('webhook_rotation')
    .where((eb) => eb.and(byWebhook(key)))
    .where('ends_at', '<=', at)
    .executeTakeFirst()
  return numDeletedRows === 1n
}
