import { changesBetween, type ShownValues } from '../audit/changes.ts'
import { recordEvent } from '../audit/record-event.ts'
import type { Actor, Body, Context } from '../context.ts'
import type { Opener } from '../custody/opener.ts'
import { changeSealed } from '../custody/open-sealed.ts'
import { resealWebhook, sealWebhook } from '../custody/sealed-webhook.ts'
import type { FieldProblem } from '../catalog/forms/validate.ts'
import { fail, failFields } from '../errors.ts'
import { newId } from '../new-id.ts'
import { Secret } from '../secret.ts'
import type { Db, Tx } from '../store/db.ts'
import { deleteSomeDeliveries } from '../store/tables/webhooks/deliveries.ts'
import type { WebhookEndpoint } from '../store/schema/tables.ts'
import {
  changeWebhook,
  deleteWebhook,
  findWebhook,
  insertWebhook,
  listWebhooks,
  type WebhookKey,
} from '../store/tables/webhooks/endpoints.ts'
import { requireScope } from '../require-scope.ts'
import { acceptChange, acceptNew } from './form.ts'
import { isMask, keptProblems, type Header } from './headers.ts'
import { newSigningSecret } from './sign.ts'

/** What is shown of a webhook: nothing sealed. */
export type Webhook = Omit<WebhookEndpoint, 'sealed' | 'sealed_version'>

/** Where a webhook of the actor is kept. */
export const keyOf = ({ tenantId, environment }: Actor, webhookId: string): WebhookKey => ({
  tenantId,
  environment,
  webhookId,
})

/** Adds a webhook, and hands out its signing secret, this once; `leadsOut` tells whether its name leads anywhere at the moment. */
export async function createWebhook(
  ctx: Context,
  actor: Actor,
  body: Body,
): Promise<{ webhook: Webhook; secret: Secret<string>; leadsOut: boolean }> {
  requireScope(actor, 'admin')
  const { webhooks } = ctx.config
  const { event, url, ...wish } = acceptNew(body().reveal(), ctx)
  const headers = wish.headers?.reveal() ?? []
  refuseKept(headers, [])
  const at = ctx.clock().toISOString()
  const holder = {
    tenant_id: actor.tenantId,
    environment: actor.environment,
    webhook_id: newId(),
  }
  const signing = newSigningSecret()
  const leadsOut = await ctx.outbound.leadsOut(url)
  const row: WebhookEndpoint = {
    ...holder,
    event,
    url,
    name: wish.name ?? null,
    store_id: wish.storeId ?? null,
    header_names: JSON.stringify(headers.map(({ key }) => key)),
    sealed: sealWebhook(ctx, holder, 1, new Secret({ signing, headers })),
    sealed_version: 1,
    failing_since: null,
    disabled_at: null,
    created_at: at,
    updated_at: at,
  }
  await ctx.store.transaction(actor.tenantId, async (tx) => {
    const existing = await listWebhooks(tx, actor)
    if (existing.length >= webhooks.most)
      fail('webhook_limit', `An account may have ${webhooks.most} webhooks in one environment.`)
    refuseTwin(existing, row)
    await insertWebhook(tx, row)
    const fields = ['event', 'url', ...Object.keys(wish).map(wireName)]
    const changes = changesBetween({}, shownOf(row))
    await recordEvent(ctx, tx, actor, { action: 'webhook.created', subject: row.webhook_id, fields, changes })
  })
  return { webhook: row, secret: new Secret(signing), leadsOut }
}

/** The actor's webhooks, oldest first, disabled ones too. */
export async function webhooksOf({ store }: Context, actor: Actor): Promise<Webhook[]> {
  requireScope(actor, 'read')
  return store.read(actor.tenantId, (db) => listWebhooks(db, actor))
}

/** The actor's webhook with this id; 404 for any other. */
export async function getWebhook({ store }: Context, actor: Actor, webhookId: string): Promise<Webhook> {
  requireScope(actor, 'read')
  return store.read(actor.tenantId, (db) => requireWebhook(db, actor, webhookId))
}

/**
 * Changes what the body gives of a webhook, keeps its secret, and enables it where it was disabled; `leadsOut` tells whether a new address leads anywhere at the moment.
 * Another origin gets no header that was sealed for the one before: the body gives them anew, or clears them.
 */
export async function updateWebhook(
  ctx: Context,
  actor: Actor,
  webhookId: string,
  body: Body,
): Promise<{ leadsOut: boolean }> {
  requireScope(actor, 'admin')
  await getWebhook(ctx, actor, webhookId)
  const { headers, storeId, ...rest } = acceptChange(body().reveal(), ctx)
  const leadsOut = rest.url === undefined || (await ctx.outbound.leadsOut(rest.url))
  await changeSealed(ctx, actor, async (tx, opener) => {
    const webhook = await requireWebhook(tx, actor, webhookId)
    refuseKept(headers?.reveal() ?? [], JSON.parse(webhook.header_names) as string[])
    if (rest.url !== undefined) requireHeadersAnew(webhook, rest.url, headers?.reveal())
    const changed = {
      ...rest,
      ...(storeId === undefined ? {} : { store_id: storeId }),
      ...(headers ? resealed(ctx, opener, webhook, headers.reveal()) : {}),
    }
    if (rest.url !== undefined) refuseTwin(await listWebhooks(tx, actor), { ...webhook, url: rest.url })
    const enabled = { ...changed, disabled_at: null, failing_since: null }
    await changeWebhook(tx, keyOf(actor, webhookId), { ...enabled, updated_at: ctx.clock().toISOString() })
    const fields = [
      ...Object.keys(rest),
      ...(headers ? ['headers'] : []),
      ...(storeId === undefined ? [] : ['store_id']),
    ]
    const changes = changesBetween(shownOf(webhook), shownOf({ ...webhook, ...enabled }))
    await recordEvent(ctx, tx, actor, { action: 'webhook.updated', subject: webhookId, fields, changes })
  })
  return { leadsOut }
}

/** What the audit log shows of a webhook: nothing of the headers but that there are others. */
const shownOf = ({ event, url, name, store_id, disabled_at }: Webhook): ShownValues => {
  return { event, url, name, store_id, disabled_at }
}

function refuseKept(headers: readonly Header[], names: readonly string[]): void {
  const problems = keptProblems(headers, names)
  if (problems.length > 0) failFields(problems)
}

/** Whoever may change an address could otherwise have what is sealed sent to himself. */
function requireHeadersAnew(
  { url: before, header_names }: Pick<WebhookEndpoint, 'url' | 'header_names'>,
  url: string,
  headers: readonly Header[] | undefined,
): void {
  if (new URL(url).origin === new URL(before).origin) return
  const held = (JSON.parse(header_names) as string[]).map((name) => name.toLowerCase())
  const why = 'what is kept goes to no other scheme, host or port than it was given for'
  if (!headers && held.length > 0)
    failFields([
      {
        kind: 'required',
        field: 'headers',
        message: `headers must be given anew, or [] to clear them: ${why}.`,
      },
    ])
  const masked = (headers ?? []).flatMap(({ key, value }, at): FieldProblem[] =>
    isMask(value) && held.includes(key.toLowerCase())
      ? [
          {
            kind: 'required',
            field: `headers.${at}.value`,
            message: `headers.${at}.value must be given anew: ${why}.`,
          },
        ]
      : [],
  )
  if (masked.length > 0) failFields(masked)
}

/** Tells which of these webhooks get no message any more because a setting of the operator no longer lets any through. */
export const unreachableOf = <W extends Pick<Webhook, 'url'>>(
  { judgeReceiver }: Pick<Context, 'judgeReceiver'>,
  webhooks: readonly W[],
): W[] => webhooks.filter(({ url }) => judgeReceiver(url) !== undefined)

/** Every webhook of the installation that the settings let nothing through to, and what keeps it from. */
export async function listUnreachable(
  ctx: Context,
  actors: readonly Actor[],
): Promise<(Webhook & { obstacle: NonNullable<ReturnType<Context['judgeReceiver']>> })[]> {
  const lists = await Promise.all(actors.map((actor) => webhooksOf(ctx, actor)))
  return lists.flat().flatMap((webhook) => {
    const obstacle = ctx.judgeReceiver(webhook.url)
    return obstacle === undefined ? [] : [{ ...webhook, obstacle }]
  })
}

/** Removes a webhook: its secret, its headers and all that waits for it. */
export async function removeWebhook(ctx: Context, actor: Actor, webhookId: string): Promise<void> {
  requireScope(actor, 'admin')
  // Many deliveries go in many transactions, so that others write in between; the webhook goes with the last of them.
  const clear = () =>
    ctx.store.transaction(actor.tenantId, async (tx) => {
      await requireWebhook(tx, actor, webhookId)
      return deleteSomeDeliveries(tx, keyOf(actor, webhookId))
    })
  while (await clear());
  await ctx.store.transaction(actor.tenantId, async (tx) => {
    await requireWebhook(tx, actor, webhookId)
    await deleteWebhook(tx, keyOf(actor, webhookId))
    await recordEvent(ctx, tx, actor, { action: 'webhook.deleted', subject: webhookId })
  })
}

/** The row of the actor's webhook; one and the same refusal for a foreign id and an absent one. */
export async function requireWebhook(db: Db | Tx, actor: Actor, webhookId: string): Promise<WebhookEndpoint> {
  const webhook = await findWebhook(db, keyOf(actor, webhookId))
  return webhook ?? fail('webhook_unknown', 'There is no webhook with this id.', { fieldName: 'webhook_id' })
}

/** The same headers sealed anew; a value that was shown masked keeps what it stands for. */
function resealed(ctx: Context, opener: Opener, webhook: WebhookEndpoint, headers: readonly Header[]) {
  const held = opener.webhook(webhook).reveal()
  const kept = (name: string) => held.headers.find(({ key }) => key.toLowerCase() === name.toLowerCase())
  const merged = headers.map(({ key, value }) => ({
    key,
    value: isMask(value) ? (kept(key)?.value ?? value) : value,
  }))
  return {
    header_names: JSON.stringify(headers.map(({ key }) => key)),
    ...resealWebhook(ctx, webhook, new Secret({ ...held, headers: merged })),
  }
}

type Named = Pick<WebhookEndpoint, 'webhook_id' | 'event' | 'url'>

function refuseTwin(existing: readonly Named[], { webhook_id, event, url }: Named): void {
  const address = new URL(url).href
  const twin = existing.some(
    (other) =>
      other.webhook_id !== webhook_id && other.event === event && new URL(other.url).href === address,
  )
  if (twin)
    fail('webhook_taken', 'Another webhook already sends this event to this url.', { fieldName: 'url' })
}

const wireName = (name: string) => (name === 'storeId' ? 'store_id' : name)
