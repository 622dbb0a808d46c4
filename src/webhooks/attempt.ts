import { changesBetween } from '../audit/changes.ts'
import { recordEvent } from '../audit/record-event.ts'
import { systemActor, type Context } from '../context.ts'
import { openIfIntact } from '../custody/open-sealed.ts'
import type { WebhookSecrets } from '../custody/sealed-webhook.ts'
import type { Secret } from '../secret.ts'
import type { Tx } from '../store/db.ts'
import { settleClaim, type Claim } from '../store/tables/webhooks/deliveries.ts'
import {
  changeWebhook,
  disableWebhook,
  findWebhook,
  markWorking,
} from '../store/tables/webhooks/endpoints.ts'
import { causeOf, reasonFor, type Reason } from './reasons.ts'
import { isHopeless, judge, type Reply, type Verdict } from './schedule.ts'
import { secretsAt, signatureHeaders } from './sign.ts'

/** A receiver that has not answered after this is not waited for. */
const PATIENCE_MS = 15_000

export type Limits = {
  random: () => number
  patienceMs?: number | undefined
  /** Called when the receiver has answered, or is waited for no more. */
  answered: () => void
  /** Abandons the attempt: its claim ends by itself, and others deliver it again. */
  signal: AbortSignal
}

/** Sends one claimed message, and writes down what became of it; whatever goes wrong outside leads to another attempt later. */
export async function attempt(ctx: Context, claim: Claim, limits: Limits): Promise<void> {
  const sentAt = ctx.clock()
  const { endpoint } = claim
  const secrets = await openIfIntact(ctx, systemActor(claim.key), (opener) => opener.webhook(endpoint))
  const reply = secrets ? await send(ctx, claim, secrets, sentAt, limits) : NOTHING_SENT
  limits.answered()
  if (limits.signal.aborted) return
  const attempts = claim.attempts + 1
  const verdict = judge(reply, attempts, limits.random())
  const reason = reasonOf(reply, verdict, secrets !== undefined)
  const { tenantId, webhookId } = claim.key
  const about = { tenant: tenantId, webhook_id: webhookId, message_id: claim.message.message_id }
  ctx.log[verdict.kind === 'delivered' ? 'debug' : 'warn'](
    { ...about, attempt: attempts, status: reply.status, reason, cause: reply.cause, verdict: verdict.kind },
    verdict.kind === 'delivered' ? 'webhook delivered' : 'webhook not delivered',
  )
  await ctx.store.transaction(tenantId, (tx) =>
    settle(ctx, tx, claim, { attempts, sentAt, status: reply.status, reason, verdict }),
  )
}

/** What a receiver replied, or why it did not. */
type Heard = Reply & { cause?: string }

const NOTHING_SENT: Heard = { status: undefined }
const LATE: Heard = { status: undefined, cause: 'timeout' }

function reasonOf({ status, cause }: Heard, verdict: Verdict, isSigned: boolean): Reason | undefined {
  if (verdict.kind === 'delivered') return undefined
  if (status !== undefined) return 'status'
  return isSigned ? reasonFor(cause ?? '') : 'not_signed'
}

async function send(
  { outbound: { deliver } }: Context,
  { key, endpoint, message }: Claim,
  secrets: Secret<WebhookSecrets>,
  at: Date,
  { signal, patienceMs = PATIENCE_MS }: Limits,
): Promise<Heard> {
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
    // Whatever kept the message from arriving, it is tried again; what foreign errors say stays out of the log.
    return { status: undefined, cause: causeOf(error) }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', giveUp)
  }
}

type Outcome = {
  attempts: number
  sentAt: Date
  status: number | undefined
  reason: Reason | undefined
  verdict: Verdict
}

async function settle(ctx: Context, tx: Tx, claim: Claim, outcome: Outcome): Promise<void> {
  const { attempts, sentAt, status, reason, verdict } = outcome
  const now = ctx.clock()
  const told = {
    attempts,
    last_at: sentAt.toISOString(),
    last_status: status ?? null,
    last_reason: reason ?? null,
  }
  if (verdict.kind === 'delivered') {
    if (await settleClaim(tx, claim, { state: 'delivered', ...told })) await markWorking(tx, claim.key)
    return
  }
  const settled = await settleClaim(
    tx,
    claim,
    verdict.kind === 'retry'
      ? { state: 'pending', ...told, next_at: new Date(now.getTime() + verdict.inMs).toISOString() }
      : { state: 'failed', ...told },
  )
  if (settled) await blame(ctx, tx, claim, outcome, now)
}

/** Notes since when an endpoint takes nothing, and disables it when it is gone or hopeless. */
async function blame(
  ctx: Context,
  tx: Tx,
  { key }: Claim,
  { attempts, verdict }: Outcome,
  now: Date,
): Promise<void> {
  const endpoint = await findWebhook(tx, key)
  if (!endpoint || endpoint.disabled_at !== null) return
  const at = now.toISOString()
  const since = endpoint.failing_since ?? at
  if (endpoint.failing_since === null) await changeWebhook(tx, key, { failing_since: at })
  if (verdict.kind !== 'gone' && !isHopeless(since, attempts, now)) return
  if (await disableWebhook(tx, key, at))
    await recordEvent(ctx, tx, systemActor(key), {
      action: 'webhook.disabled',
      subject: key.webhookId,
      changes: changesBetween({ disabled_at: null }, { disabled_at: at }),
    })
}
