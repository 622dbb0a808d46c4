import { changesBetween, type ShownValues } from '../audit/changes.ts'
import { recordEvent } from '../audit/record-event.ts'
import type { Actor, Context } from '../context.ts'
import type { Tx } from '../store/db.ts'
import type { Tenant } from '../store/schema/tables.ts'
import { insertTenant } from '../store/tables/tenants/tenants.ts'
import { nameKeyOf } from './names.ts'

/** Tenant details hold what may be given for a new tenant besides its name. */
export type TenantDetails = Partial<
  Pick<
    Tenant,
    | 'partner_id'
    | 'environment'
    | 'external_account_id'
    | 'first_name'
    | 'last_name'
    | 'email'
    | 'origin_country_code'
  >
>

/** Returns the values of a tenant that the audit log shows, under their names on the wire. */
export const shownOf = (tenant: Tenant): ShownValues => {
  const { company_name, first_name, last_name, email, origin_country_code, external_account_id } = tenant
  const active = tenant.active === 1
  return { company_name, first_name, last_name, email, origin_country_code, external_account_id, active }
}

/** Adds a tenant and writes the first event of its audit chain; returns `undefined` where the partner has another tenant with this external id, or the operator has one with this name. */
export async function storeTenant(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { companyName, ...details }: TenantDetails & { companyName: string },
): Promise<Tenant | undefined> {
  const at = ctx.clock().toISOString()
  const tenant: Tenant = {
    tenant_id: actor.tenantId,
    partner_id: null,
    external_account_id: null,
    first_name: null,
    last_name: null,
    email: null,
    origin_country_code: null,
    environment: 'production',
    ...details,
    company_name: companyName,
    name_key: details.partner_id ? null : nameKeyOf(companyName),
    deleted_at: null,
    active: 1,
    created_at: at,
    modified_at: at,
  }
  if (!(await insertTenant(tx, tenant))) return undefined
  const changes = changesBetween({}, shownOf(tenant))
  await recordEvent(ctx, tx, actor, { action: 'tenant.created', changes, everywhere: true })
  return tenant
}
