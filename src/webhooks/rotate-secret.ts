import { recordEvent } from '../audit/record-event.ts'
import { systemActor, type Actor, type Context } from '../context.ts'
import { changeSealed, openIfIntactInside } from '../custody/open-sealed.ts'
import { resealWebhook } from '../custody/sealed-webhook.ts'
import { Secret } from '../secret.ts'
import type { Tx } from '../store/db.ts'
import { endRotation, listEndedRotations, noteRotation } from '../store/tables/webhooks/secret-rotations.ts'
import { changeWebhook, findWebhook, type WebhookKey } from '../store/tables/webhooks/endpoints.ts'
import { requireScope } from '../require-scope.ts'
import { webhookKey, requireWebhook } from './endpoints.ts'
import { newSigningSecret } from './sign.ts'

/** For `OVERLAP_MS` after a rotation the previous secret signs too, so that receivers have time to change to the new one. */
const OVERLAP_MS = 24 * 60 * 60_000
const ERASED_AT_ONCE = 100

/**
 * Gives a webhook a new signing secret and returns it, only this once. The previous secret signs too until `endsAt`;
 * a secret before the previous one is removed, so that there are never more than two.
 */
export async function rotateSecret(
  ctx: Context,
  actor: Actor,
  webhookId: string,
): Promise<{ secret: Secret<string>; endsAt: string }> {
  requireScope(actor, 'admin')
  const signing = newSigningSecret()
  return changeSealed(ctx, actor, async (tx, opener) => {
    const webhook = await requireWebhook(tx, actor, webhookId)
    const { signing: before, headers } = opener.webhook(webhook).reveal()
    const now = ctx.clock()
    const endsAt = new Date(now.getTime() + OVERLAP_MS).toISOString()
    const secrets = new Secret({ signing, previous: { signing: before, endsAt }, headers })
    const key = webhookKey(actor, webhookId)
    await changeWebhook(tx, key, {
      ...resealWebhook(ctx, webhook, secrets),
      updated_at: now.toISOString(),
    })
    await noteRotation(tx, key, endsAt)
    await recordEvent(ctx, tx, actor, { action: 'webhook.secret_rotated', subject: webhookId })
    return { secret: new Secret(signing), endsAt }
  })
}

/** Erases, for all tenants, previous secrets whose overlap has ended. They already sign nothing, because the envelope itself holds the end of the overlap. */
export async function eraseOldSecrets(ctx: Context): Promise<void> {
  const at = ctx.clock().toISOString()
  const ended = await ctx.store.cross({ path: 'deliver' }, (db) => listEndedRotations(db, at, ERASED_AT_ONCE))
  for (const key of ended)
    try {
      await ctx.store.transaction(key.tenantId, (tx) => erase(ctx, tx, key, at))
    } catch (error) {
      ctx.log.warn({ err: error, webhook_id: key.webhookId }, 'a replaced secret could not be erased')
    }
}

async function erase(ctx: Context, tx: Tx, key: WebhookKey, at: string): Promise<void> {
  if (!(await endRotation(tx, key, at))) return
  const webhook = await findWebhook(tx, key)
  if (!webhook) return
  const held = await openIfIntactInside(ctx, tx, systemActor(key), (opener) => opener.webhook(webhook))
  if (!held) return
  const { signing, headers } = held.reveal()
  await changeWebhook(tx, key, resealWebhook(ctx, webhook, new Secret({ signing, headers })))
}
