import { changesBetween } from '../audit/changes.ts'
import { recordEvent } from '../audit/record-event.ts'
import type { Fields } from '../catalog/define.ts'
import { optional, text } from '../catalog/fields.ts'
import { acceptFields } from '../catalog/forms/accept-fields.ts'
import type { Values } from '../catalog/forms/validate.ts'
import type { Actor, Body, Context } from '../context.ts'
import { fail, failFields } from '../errors.ts'
import type { ListedApiKey } from '../store/tables/tenants/api-keys.ts'
import { newId } from '../ids.ts'
import { isUniqueViolation } from '../store/errors.ts'
import type { Tenant } from '../store/schema/tables.ts'
import {
  changeTenant,
  findByExternalId,
  findPartnerTenant,
  findTenant,
  listPartnerTenants,
  type PartnerView,
} from '../store/tables/tenants/tenants.ts'
import { requireScope } from '../require-scope.ts'
import { actOnBehalf } from './act-on-behalf.ts'
import { createKey, listKeys, revokeKey, type IssuedKey } from './keys/api-keys.ts'
import { shownOf, storeTenant } from './create-tenant.ts'
import { acceptEnd, endField, type ActingKey } from './keys/key-form.ts'
import { setTenantActive } from './manage-tenant.ts'

/** `accountFields` are the fields of an account that a partner gives. */
export const accountFields: Fields = {
  first_name: optional(text('First name')),
  last_name: optional(text('Last name')),
  company_name: text('Company name'),
  email: optional(text('E-mail', { minLength: 1, format: 'email' })),
  origin_country_code: text('Origin country code', { minLength: 2, maxLength: 2 }),
  external_account_id: optional(text('Account id in the partner’s own system', { minLength: 1 })),
}

/** `accountKeyFields` are the fields of an account's API key that a partner gives. */
export const accountKeyFields: Fields = { description: text('Description'), expires_at: endField }

/** Adds an account of the partner; an account that is added in the sandbox has nothing in production. */
export async function createAccount(ctx: Context, partner: Actor, body: Body): Promise<Tenant> {
  requireScope(partner, 'partner')
  const { company_name, ...details } = accept(accountFields, body)
  const actor = { ...partner, tenantId: newId() }
  const owned = {
    ...details,
    companyName: company_name as string,
    partner_id: partner.tenantId,
    environment: partner.environment,
  }
  const tenant = await ctx.store.transaction(actor.tenantId, (tx) => storeTenant(ctx, tx, actor, owned))
  return tenant ?? refuseExternalId()
}

/** Changes an account that was made in the environment of the partner's key; a field that the body leaves out stays, and `null` clears a field. */
export async function updateAccount(
  ctx: Context,
  partner: Actor,
  accountId: string,
  body: Body,
): Promise<void> {
  requireScope(partner, 'partner')
  await requireWholeAccount(ctx, partner, accountId)
  const values = acceptFields(accountFields, body().reveal())
  if (Array.isArray(values)) return failFields(values)
  const change = { ...values.values, ...Object.fromEntries(values.cleared.map((name) => [name, null])) }
  try {
    await ctx.store.transaction(accountId, async (tx) => {
      const before = (await findTenant(tx, accountId)) ?? refuseAccount()
      await changeTenant(tx, accountId, { ...change, modified_at: ctx.clock().toISOString() })
      await recordEvent(
        ctx,
        tx,
        { ...partner, tenantId: accountId },
        {
          action: 'tenant.updated',
          fields: Object.keys(change),
          changes: changesBetween(shownOf(before), shownOf({ ...before, ...change })),
          everywhere: true,
        },
      )
    })
  } catch (error) {
    if (isUniqueViolation(error)) refuseExternalId()
    throw error
  }
}

/** Enables or disables the API keys of an account that was made in the environment of the partner's key. */
export async function setAccountActive(
  ctx: Context,
  partner: Actor,
  { accountId, active }: { accountId: string; active: boolean },
): Promise<void> {
  requireScope(partner, 'partner')
  await requireWholeAccount(ctx, partner, accountId)
  await setTenantActive(ctx, { ...partner, tenantId: accountId }, { active })
}

/** Returns the partner's account with this id, as the environment of the key sees it; refuses any other id with 404. */
export async function requireAccount({ store }: Context, partner: Actor, accountId: string): Promise<Tenant> {
  requireScope(partner, 'partner')
  requireStorable(accountId)
  const view = viewOf(partner)
  const tenant = await store.cross({ path: 'partner', partnerId: view.partnerId }, (db) =>
    findPartnerTenant(db, view, accountId),
  )
  return tenant ?? refuseAccount()
}

/** Refuses a sandbox key for an account that was made in production, because a change of the account would also show in production. */
async function requireWholeAccount(ctx: Context, partner: Actor, accountId: string): Promise<void> {
  const { environment } = await requireAccount(ctx, partner, accountId)
  if (environment !== partner.environment)
    fail(
      'account_of_production',
      'The account was made in production, and a sandbox key does not change it; use a production key.',
    )
}

const viewOf = ({ tenantId: partnerId, environment }: Actor): PartnerView => ({ partnerId, environment })

/** Returns the partner's account with this external id, which is the partner's own; refuses any other id with 404. */
export async function requireAccountByExternalId(
  { store }: Context,
  partner: Actor,
  externalId: string,
): Promise<Tenant> {
  requireScope(partner, 'partner')
  requireStorable(externalId)
  const view = viewOf(partner)
  const tenant = await store.cross({ path: 'partner', partnerId: view.partnerId }, (db) =>
    findByExternalId(db, view, externalId),
  )
  return tenant ?? refuseAccount()
}

export type AccountPage = { accounts: Tenant[]; total: number; page: number; pages: number }

/** Returns one page of the partner's accounts that the environment of the key sees, oldest first. */
export async function listAccounts(
  { store }: Context,
  partner: Actor,
  { page, size }: { page: number; size: number },
): Promise<AccountPage> {
  requireScope(partner, 'partner')
  const view = viewOf(partner)
  const { tenants, total } = await store.cross({ path: 'partner', partnerId: view.partnerId }, (db) =>
    listPartnerTenants(db, view, { limit: size, offset: (page - 1) * size }),
  )
  return { accounts: tenants, total, page, pages: Math.ceil(total / size) }
}

/** Makes an API key with which the account reads and writes, in the environment of the partner's own key. The new key ends no later than the partner's key. */
export async function createAccountKey(
  ctx: Context,
  partner: Actor,
  { acting, accountId, body }: { acting: ActingKey; accountId: string; body: Body },
): Promise<IssuedKey & { description: string }> {
  requireScope(partner, 'partner')
  await requireAccount(ctx, partner, accountId)
  const values = accept(accountKeyFields, body)
  const end = acceptEnd(values, acting, ctx.clock())
  if ('problem' in end) return failFields([end.problem])
  const description = values.description as string
  const { environment } = partner
  const wanted = { environment, scopes: ['read', 'write'] as const, description, expiresAt: end.at }
  return { ...(await createKey(ctx, actOnBehalf(partner, accountId), wanted)), description }
}

/** Lists the API keys in force of one of the partner's accounts, in the environment of the partner's own key, oldest first. */
export async function listAccountKeys(
  ctx: Context,
  partner: Actor,
  accountId: string,
): Promise<ListedApiKey[]> {
  requireScope(partner, 'partner')
  await requireAccount(ctx, partner, accountId)
  const now = ctx.clock().toISOString()
  return (await listKeys(ctx, accountId)).filter(
    ({ environment, revoked_at, expires_at }) =>
      environment === partner.environment && revoked_at === null && (expires_at === null || expires_at > now),
  )
}

/** Revokes an API key of one of the partner's accounts, in the environment of the partner's own key; refuses an unknown key with 404. */
export async function revokeAccountKey(
  ctx: Context,
  partner: Actor,
  accountId: string,
  keyId: string,
): Promise<void> {
  requireScope(partner, 'partner')
  await requireAccount(ctx, partner, accountId)
  const isKnown = !keyId.includes('\0') && (await revokeKey(ctx, actOnBehalf(partner, accountId), keyId))
  if (!isKnown) fail('api_key_unknown', 'The account has no API key of this id.')
}

/** Refuses, like an unknown account, an id with a NUL character, which no stored text has and PostgreSQL refuses even in a query. */
function requireStorable(text: string): void {
  if (text.includes('\0')) refuseAccount()
}

function accept(fields: Fields, body: Body): Values {
  const accepted = acceptFields(fields, body().reveal())
  return Array.isArray(accepted) ? failFields(accepted) : accepted.values
}

const refuseAccount = (): never => fail('account_unknown', 'There is no account with this id.')
const refuseExternalId = (): never =>
  fail('external_id_taken', 'Another account has this external_account_id.', {
    fieldName: 'external_account_id',
  })
