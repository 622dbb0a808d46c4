import { changesBetween } from '../audit/changes.ts'
import { recordEvent } from '../audit/record-event.ts'
import { systemActor, type Context } from '../context.ts'
import { openIfIntact } from '../custody/open-sealed.ts'
import type { WebhookSecrets } from '../custody/sealed-webhook.ts'
import type { Secret } from '../secret.ts'
import type { Tx } from '../store/db.ts'
import { settleClaim, type DeliveryClaim } from '../store/tables/webhooks/deliveries.ts'
import {
  changeWebhook,
  disableWebhook,
  findWebhook,
  markWorking,
} from '../store/tables/webhooks/endpoints.ts'
import { causeOf, reasonFor, type DeliveryReason } from './delivery-reasons.ts'
import { isHopeless, planNextDelivery, type ReceiverReply, type NextDelivery } from './schedule.ts'
import { secretsAt, signatureHeaders } from './sign.ts'

/** A receiver that has not answered after `PATIENCE_MS` is not waited for any longer. */
const PATIENCE_MS = 15_000

export type AttemptLimits = {
  random: () => number
  patienceMs?: number | undefined
  /** `answered` is called when the receiver has answered or is not waited for any longer. */
  answered: () => void
  /** `signal` abandons the attempt; its claim then ends by itself, and another process delivers the message again. */
  signal: AbortSignal
}

/** Sends one claimed message and writes the result of the attempt. After a failure, the schedule decides whether there is another attempt. */
export async function attempt(ctx: Context, claim: DeliveryClaim, limits: AttemptLimits): Promise<void> {
  const sentAt = ctx.clock()
  const { endpoint } = claim
  const secrets = await openIfIntact(ctx, systemActor(claim.key), (opener) => opener.webhook(endpoint))
  const reply = secrets ? await send(ctx, claim, { secrets, at: sentAt, limits }) : NOTHING_SENT
  limits.answered()
  if (limits.signal.aborted) return
  const attempts = claim.attempts + 1
  const next = planNextDelivery(reply, attempts, limits.random())
  const reason = reasonOf(reply, { next, isSigned: secrets !== undefined })
  const { tenantId, webhookId } = claim.key
  const about = { tenant: tenantId, webhook_id: webhookId, message_id: claim.message.message_id }
  ctx.log[next.kind === 'delivered' ? 'debug' : 'warn'](
    { ...about, attempt: attempts, status: reply.status, reason, cause: reply.cause, verdict: next.kind },
    next.kind === 'delivered' ? 'webhook delivered' : 'webhook not delivered',
  )
  await ctx.store.transaction(tenantId, (tx) =>
    settle(ctx, tx, claim, { attempts, sentAt, status: reply.status, reason, next }),
  )
}

/** `Heard` is the reply of a receiver, or the cause for which there is none. */
type Heard = ReceiverReply & { cause?: string }

const NOTHING_SENT: Heard = { status: undefined }
const LATE: Heard = { status: undefined, cause: 'timeout' }

function reasonOf(
  { status, cause }: Heard,
  { next, isSigned }: { next: NextDelivery; isSigned: boolean },
): DeliveryReason | undefined {
  if (next.kind === 'delivered') return undefined
  if (status !== undefined) return 'status'
  return isSigned ? reasonFor(cause ?? '') : 'not_signed'
}

async function send(
  { outbound: { deliver } }: Context,
  { key, endpoint, message }: DeliveryClaim,
  { secrets, at, limits }: { secrets: Secret<WebhookSecrets>; at: Date; limits: AttemptLimits },
): Promise<Heard> {
  const { signal, patienceMs = PATIENCE_MS } = limits
  const held = secrets.reveal()
  const { message_id: id, payload: body } = message
  const request = {
    tenantId: key.tenantId,
    url: endpoint.url,
    headers: {
      ...Object.fromEntries(held.headers.map(({ key, value }) => [key.toLowerCase(), value])),
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'Hawser-Webhooks',
      ...signatureHeaders(secretsAt(held, at), { id, at, body }),
    },
    body,
  }
  let giveUp = () => {}
  const late = new Promise<Heard>((resolve) => {
    giveUp = () => resolve(LATE)
  })
  const timer = setTimeout(giveUp, patienceMs)
  signal.addEventListener('abort', giveUp)
  try {
    return await Promise.race([deliver(request), late])
  } catch (error) {
    // After any error the message is tried again; the text of a foreign error stays out of the log.
    return { status: undefined, cause: causeOf(error) }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', giveUp)
  }
}

type AttemptResult = {
  attempts: number
  sentAt: Date
  status: number | undefined
  reason: DeliveryReason | undefined
  next: NextDelivery
}

async function settle(ctx: Context, tx: Tx, claim: DeliveryClaim, outcome: AttemptResult): Promise<void> {
  const { attempts, sentAt, status, reason, next } = outcome
  const now = ctx.clock()
  const told = {
    attempts,
    last_at: sentAt.toISOString(),
    last_status: status ?? null,
    last_reason: reason ?? null,
  }
  if (next.kind === 'delivered') {
    if (await settleClaim(tx, claim, { state: 'delivered', ...told })) await markWorking(tx, claim.key)
    return
  }
  const settled = await settleClaim(
    tx,
    claim,
    next.kind === 'retry'
      ? { state: 'pending', ...told, next_at: new Date(now.getTime() + next.inMs).toISOString() }
      : { state: 'failed', ...told },
  )
  if (settled) await blame(ctx, tx, claim, { outcome, now })
}

/** Notes since when an endpoint has been failing. Disables the endpoint where the receiver answered that it no longer exists, or where the endpoint has been failing for too long. */
async function blame(
  ctx: Context,
  tx: Tx,
  { key }: DeliveryClaim,
  { outcome: { attempts, next }, now }: { outcome: AttemptResult; now: Date },
): Promise<void> {
  const endpoint = await findWebhook(tx, key)
  if (!endpoint || endpoint.disabled_at !== null) return
  const at = now.toISOString()
  const since = endpoint.failing_since ?? at
  if (endpoint.failing_since === null) await changeWebhook(tx, key, { failing_since: at })
  if (next.kind !== 'gone' && !isHopeless(since, attempts, now)) return
  if (await disableWebhook(tx, key, at))
    await recordEvent(ctx, tx, systemActor(key), {
      action: 'webhook.disabled',
      subject: key.webhookId,
      changes: changesBetween({ disabled_at: null }, { disabled_at: at }),
    })
}
