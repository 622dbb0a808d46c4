import { changesBetween, type ShownValues } from '../audit/changes.ts'
import { recordEvent } from '../audit/record-event.ts'
import type { Actor, Body, Context } from '../context.ts'
import type { Opener } from '../custody/opener.ts'
import { changeSealed } from '../custody/open-sealed.ts'
import { resealWebhook, sealWebhook } from '../custody/sealed-webhook.ts'
import type { FieldProblem } from '../catalog/forms/validate.ts'
import { fail, failFields } from '../errors.ts'
import { newId } from '../ids.ts'
import { Secret } from '../secret.ts'
import type { Db, Tx } from '../store/db.ts'
import { deleteSomeDeliveries } from '../store/tables/webhooks/deliveries.ts'
import type { WebhookEndpoint } from '../store/schema/tables.ts'
import {
  changeWebhook,
  deleteWebhook,
  findWebhook,
  insertWebhook,
  listEndpoints,
  type WebhookKey,
} from '../store/tables/webhooks/endpoints.ts'
import { requireScope } from '../require-scope.ts'
import { acceptChange, acceptNew } from './form.ts'
import { isMask, keptProblems, type Header } from './headers.ts'
import { newSigningSecret } from './sign.ts'

/** A webhook is an endpoint without its sealed values. */
export type Webhook = Omit<WebhookEndpoint, 'sealed' | 'sealed_version'>

/** Returns the key of a webhook of the actor's tenant and environment. */
export const webhookKey = ({ tenantId, environment }: Actor, webhookId: string): WebhookKey => ({
  tenantId,
  environment,
  webhookId,
})

/**
 * Adds a webhook and returns its signing secret, which is shown only this once; `leadsOut` says whether the host of its address can be reached at the moment.
 * Refuses a duplicate of event and address, and more webhooks than the operator allows.
 */
export async function createWebhook(
  ctx: Context,
  actor: Actor,
  body: Body,
): Promise<{ webhook: Webhook; secret: Secret<string>; leadsOut: boolean }> {
  requireScope(actor, 'admin')
  const { webhooks } = ctx.config
  const { event, url, ...optional } = acceptNew(body().reveal(), ctx)
  const headers = optional.headers?.reveal() ?? []
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
    name: optional.name ?? null,
    store_id: optional.storeId ?? null,
    header_names: JSON.stringify(headers.map(({ key }) => key)),
    sealed: sealWebhook(ctx, holder, 1, new Secret({ signing, headers })),
    sealed_version: 1,
    failing_since: null,
    disabled_at: null,
    created_at: at,
    updated_at: at,
  }
  await ctx.store.transaction(actor.tenantId, async (tx) => {
    const existing = await listEndpoints(tx, actor)
    if (existing.length >= webhooks.most)
      fail('webhook_limit', `An account may have ${webhooks.most} webhooks in one environment.`)
    refuseSameEndpoint(existing, row)
    await insertWebhook(tx, row)
    const fields = ['event', 'url', ...Object.keys(optional).map(wireName)]
    const changes = changesBetween({}, shownOf(row))
    await recordEvent(ctx, tx, actor, { action: 'webhook.created', subject: row.webhook_id, fields, changes })
  })
  return { webhook: row, secret: new Secret(signing), leadsOut }
}

/** Lists the actor's webhooks, oldest first, disabled ones too. */
export async function listWebhooks({ store }: Context, actor: Actor): Promise<Webhook[]> {
  requireScope(actor, 'read')
  return store.read(actor.tenantId, (db) => listEndpoints(db, actor))
}

/** Returns the actor's webhook with this id; refuses any other id with 404. */
export async function getWebhook({ store }: Context, actor: Actor, webhookId: string): Promise<Webhook> {
  requireScope(actor, 'read')
  return store.read(actor.tenantId, (db) => requireWebhook(db, actor, webhookId))
}

/**
 * Changes the fields of a webhook that the body gives, keeps its signing secret, and enables a disabled webhook.
 * `leadsOut` says whether the host of a new address can be reached at the moment.
 * Where the address gets another origin, the body has to give the sealed headers again or clear them.
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
    if (rest.url !== undefined)
      refuseSameEndpoint(await listEndpoints(tx, actor), { ...webhook, url: rest.url })
    const enabled = { ...changed, disabled_at: null, failing_since: null }
    await changeWebhook(tx, webhookKey(actor, webhookId), {
      ...enabled,
      updated_at: ctx.clock().toISOString(),
    })
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

/** Returns the values of a webhook that the audit log shows; of the headers, the log shows only that they changed. */
const shownOf = ({ event, url, name, store_id, disabled_at }: Webhook): ShownValues => {
  return { event, url, name, store_id, disabled_at }
}

function refuseKept(headers: readonly Header[], names: readonly string[]): void {
  const problems = keptProblems(headers, names)
  if (problems.length > 0) failFields(problems)
}

/** Refuses to keep sealed headers for an address with another origin; otherwise a user who may change the address could have the headers sent to a server of his own. */
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

/** Lists those of these webhooks that get no messages because the operator's settings now forbid their address. */
export const findUnreachable = <W extends Pick<Webhook, 'url'>>(
  { findObstacle }: Pick<Context, 'findObstacle'>,
  webhooks: readonly W[],
): W[] => webhooks.filter(({ url }) => findObstacle(url) !== undefined)

/** Lists every webhook of these actors whose address the operator's settings forbid, with the obstacle. */
export async function listUnreachable(
  ctx: Context,
  actors: readonly Actor[],
): Promise<(Webhook & { obstacle: NonNullable<ReturnType<Context['findObstacle']>> })[]> {
  const lists = await Promise.all(actors.map((actor) => listWebhooks(ctx, actor)))
  return lists.flat().flatMap((webhook) => {
    const obstacle = ctx.findObstacle(webhook.url)
    return obstacle === undefined ? [] : [{ ...webhook, obstacle }]
  })
}

/** Removes a webhook with its secret, its headers and its deliveries; refuses an unknown id with 404. */
export async function removeWebhook(ctx: Context, actor: Actor, webhookId: string): Promise<void> {
  requireScope(actor, 'admin')
  // Many deliveries are removed in several transactions, so that others can write in between; the webhook is removed after the last of them.
  const clear = () =>
    ctx.store.transaction(actor.tenantId, async (tx) => {
      await requireWebhook(tx, actor, webhookId)
      return deleteSomeDeliveries(tx, webhookKey(actor, webhookId))
    })
  while (await clear());
  await ctx.store.transaction(actor.tenantId, async (tx) => {
    await requireWebhook(tx, actor, webhookId)
    await deleteWebhook(tx, webhookKey(actor, webhookId))
    await recordEvent(ctx, tx, actor, { action: 'webhook.deleted', subject: webhookId })
  })
}

/** Returns the row of the actor's webhook; refuses the id of another tenant's webhook and a missing id with the same 404. */
export async function requireWebhook(db: Db | Tx, actor: Actor, webhookId: string): Promise<WebhookEndpoint> {
  const webhook = await findWebhook(db, webhookKey(actor, webhookId))
  return webhook ?? fail('webhook_unknown', 'There is no webhook with this id.', { fieldName: 'webhook_id' })
}

/** Seals the headers of a webhook again; a header with a masked value keeps its earlier value. */
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

type NamedWebhook = Pick<WebhookEndpoint, 'webhook_id' | 'event' | 'url'>

function refuseSameEndpoint(
  existing: readonly NamedWebhook[],
  { webhook_id, event, url }: NamedWebhook,
): void {
  const address = new URL(url).href
  const duplicate = existing.some(
    (other) =>
      other.webhook_id !== webhook_id && other.event === event && new URL(other.url).href === address,
  )
  if (duplicate)
    fail('webhook_taken', 'Another webhook already sends this event to this url.', { fieldName: 'url' })
}

const wireName = (name: string) => (name === 'storeId' ? 'store_id' : name)
