import { changesBetween } from '../audit/changes.ts'
import { recordEvent } from '../audit/record-event.ts'
import type { Actor, Context } from '../context.ts'
import { newId } from '../ids.ts'
import { isUniqueViolation } from '../store/errors.ts'
import {
  changeTenant,
  countConnections,
  eraseTenant,
  findTenant,
  listPartnerTenants,
} from '../store/tables/tenants/tenants.ts'
import { requireScope } from '../require-scope.ts'
import { storeTenant } from './create-tenant.ts'
import { nameKeyOf } from './names.ts'
import { findNamesakes, type Tenant } from './operator.ts'

/** Adds, for the operator, a tenant that belongs to no partner; returns `undefined` where another tenant has the name. */
export async function createTenant(
  ctx: Context,
  operator: Omit<Actor, 'tenantId'>,
  name: string,
): Promise<Tenant | undefined> {
  requireScope(operator, 'operator')
  if ((await findNamesakes(ctx, name)).length > 0) return undefined
  const actor = { ...operator, tenantId: newId() }
  return ctx.store.transaction(actor.tenantId, (tx) => storeTenant(ctx, tx, actor, { companyName: name }))
}

/** Gives the actor's tenant another name; returns `false` where another tenant has the name. */
export async function renameTenant(ctx: Context, actor: Actor, name: string): Promise<boolean> {
  requireScope(actor, 'operator')
  const namesakes = await findNamesakes(ctx, name)
  if (namesakes.some(({ tenant_id }) => tenant_id !== actor.tenantId)) return false
  try {
    await ctx.store.transaction(actor.tenantId, async (tx) => {
      const tenant = await findTenant(tx, actor.tenantId)
      if (!tenant || tenant.company_name === name) return
      // Accounts of partners may share a name, because their partner distinguishes them by its own ids.
      const name_key = tenant.partner_id === null ? nameKeyOf(name) : null
      const modified_at = ctx.clock().toISOString()
      await changeTenant(tx, actor.tenantId, { company_name: name, name_key, modified_at })
      const fields = ['company_name']
      const changes = changesBetween({ company_name: tenant.company_name }, { company_name: name })
      await recordEvent(ctx, tx, actor, { action: 'tenant.updated', fields, changes, everywhere: true })
    })
  } catch (error) {
    if (isUniqueViolation(error)) return false
    throw error
  }
  return true
}

/** Enables the API keys of the actor's tenant, or disables them; writes nothing where the tenant already has that state. */
export async function setTenantActive(
  ctx: Context,
  actor: Actor,
  { active }: { active: boolean },
): Promise<void> {
  requireScope(actor, 'partner')
  await ctx.store.transaction(actor.tenantId, async (tx) => {
    const tenant = await findTenant(tx, actor.tenantId)
    if (!tenant || (tenant.active === 1) === active) return
    const change = { active: active ? 1 : 0, modified_at: ctx.clock().toISOString() } as const
    await changeTenant(tx, actor.tenantId, change)
    const action = active ? 'tenant.enabled' : 'tenant.disabled'
    const changes = changesBetween({ active: !active }, { active })
    await recordEvent(ctx, tx, actor, { action, changes, everywhere: true })
  })
}

/** `TenantObstacles` counts what keeps a tenant from being deleted. */
export type TenantObstacles = { connections: number; restorable: number; accounts: number }

/** A tenant delete gives the number of API keys that were revoked with the tenant, or what kept the tenant from being deleted. */
export type TenantDelete = { keysRevoked: number } | { inTheWay: TenantObstacles }

/**
 * Deletes the actor's tenant: its API keys are revoked, and its webhooks and its data are erased; its audit log, labels and manifests stay under its id.
 * While the tenant has connections, deleted connections that can be restored, or accounts of its own, nothing is deleted and their numbers are returned.
 */
export async function deleteTenant(ctx: Context, actor: Actor): Promise<TenantDelete> {
  requireScope(actor, 'operator')
  const { tenantId } = actor
  const { total: accounts } = await ctx.store.cross({ path: 'partner', partnerId: tenantId }, (db) =>
    listPartnerTenants(db, { partnerId: tenantId, environment: 'sandbox' }, { limit: 1, offset: 0 }),
  )
  return ctx.store.transaction(tenantId, async (tx) => {
    const kept = { ...(await countConnections(tx, tenantId)), accounts }
    if (kept.connections + kept.restorable + accounts > 0) return { inTheWay: kept }
    const keysRevoked = await eraseTenant(tx, tenantId, ctx.clock().toISOString())
    await recordEvent(ctx, tx, actor, { action: 'tenant.deleted', everywhere: true })
    return { keysRevoked }
  })
}
