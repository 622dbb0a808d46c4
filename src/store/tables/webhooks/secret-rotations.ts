import type { Db, Tx } from '../../db.ts'
import { byWebhook, type WebhookKey } from './endpoints.ts'

/** Notes until when the secret before the current one signs too, in place of what was noted before. */
export async function noteRotation(tx: Tx, key: WebhookKey, endsAt: string): Promise<void> {
  await tx
    .insertInto('webhook_rotation')
    .values({ ...byWebhook(key), ends_at: endsAt })
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'environment', 'webhook_id']).doUpdateSet({ ends_at: endsAt }),
    )
    .execute()
}

/** At most `limit` webhooks whose rotation has ended, along the crossing `deliver`. */
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

/** Ends a rotation whose time is over; `false` when another process did, or another has begun. */
export async function endRotation(tx: Tx, key: WebhookKey, at: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('webhook_rotation')
    .where((eb) => eb.and(byWebhook(key)))
    .where('ends_at', '<=', at)
    .executeTakeFirst()
  return numDeletedRows === 1n
}
