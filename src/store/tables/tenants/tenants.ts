import type { Insertable } from 'kysely'
import { eraseEveryChange } from './audit-changes.ts'
import type { Db, Tx } from '../../db.ts'
import { inSpan } from '../../in-span.ts'
import { findPage, PART, type PageSpan } from '../../pages.ts'
import type { Environment, Schema, Tenant } from '../../schema/tables.ts'

/** Adds a tenant; returns `false` where a unique value is taken: the `external_account_id` among the same partner's tenants, or the `name_key`. */
export async function insertTenant(tx: Tx, row: Insertable<Schema['tenant']>): Promise<boolean> {
  const inserted = await tx
    .insertInto('tenant')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .returning('tenant_id')
    .execute()
  return inserted.length === 1
}

/** Finds the tenant with this id. */
export function findTenant(db: Db, tenantId: string): Promise<Tenant | undefined> {
  return db.selectFrom('tenant').selectAll().where('tenant_id', '=', tenantId).executeTakeFirst()
}

/** Lists every tenant of the installation, deleted ones too, oldest first. */
export function listTenants(db: Db): Promise<Tenant[]> {
  return db.selectFrom('tenant').selectAll().orderBy('created_at').orderBy('tenant_id').execute()
}

/** A partner view is a partner with the environment of its key: a production key sees accounts of production, and a sandbox key sees the sandbox of every account. */
export type PartnerView = { partnerId: string; environment: Environment }

function seenBy(db: Db, { partnerId, environment }: PartnerView) {
  const own = db.selectFrom('tenant').where('partner_id', '=', partnerId)
  return environment === 'sandbox' ? own : own.where('environment', '=', environment)
}

/** Finds the tenant with this id among those that the partner created. */
export function findPartnerTenant(
  db: Db,
  partner: PartnerView,
  tenantId: string,
): Promise<Tenant | undefined> {
  return seenBy(db, partner).selectAll().where('tenant_id', '=', tenantId).executeTakeFirst()
}

/** Finds the tenant by the id that the partner gave the tenant; a tenant of the view's environment comes before any other. */
export async function findByExternalId(
  db: Db,
  partner: PartnerView,
  externalId: string,
): Promise<Tenant | undefined> {
  const known = await seenBy(db, partner).selectAll().where('external_account_id', '=', externalId).execute()
  return known.find(({ environment }) => environment === partner.environment) ?? known[0]
}

/** Returns one page of the tenants that this partner created, oldest first, and their number. */
export async function listPartnerTenants(
  db: Db,
  partner: PartnerView,
  page: { limit: number; offset: number },
): Promise<{ tenants: Tenant[]; total: number }> {
  const within = (span: PageSpan<Place>) => seenBy(db, partner).where(inSpan(PLACE, span, 'ascending'))
  const { rows, total } = await findPage<Tenant, Place>(page, {
    boundary: (after) =>
      within({ after })
        .select(['created_at', 'tenant_id'])
        .orderBy('created_at')
        .orderBy('tenant_id')
        .offset(PART - 1)
        .limit(1)
        .executeTakeFirst(),
    count: async (span) =>
      (
        await within(span)
          .select((eb) => eb.fn.countAll<number>().as('count'))
          .executeTakeFirstOrThrow()
      ).count,
    rows: (span, { limit, offset }) =>
      within(span)
        .selectAll()
        .orderBy('created_at')
        .orderBy('tenant_id')
        .limit(limit)
        .offset(offset)
        .execute(),
  })
  return { tenants: rows, total }
}

type Place = Pick<Tenant, 'created_at' | 'tenant_id'>
const PLACE = ['created_at', 'tenant_id'] as const

/** Changes the data of a tenant. */
export async function changeTenant(
  tx: Tx,
  tenantId: string,
  change: Partial<Omit<Tenant, 'tenant_id' | 'partner_id' | 'created_at' | 'deleted_at' | 'environment'>> & {
    modified_at: string
  },
): Promise<void> {
  await tx.updateTable('tenant').set(change).where('tenant_id', '=', tenantId).execute()
}

/** Counts a tenant's connections, and its deleted connections that can be restored, in both environments. */
export async function countConnections(
  db: Db,
  tenantId: string,
): Promise<{ connections: number; restorable: number }> {
  const count = async (table: 'connection' | 'deleted_connection') => {
    const rows = db.selectFrom(table).where('tenant_id', '=', tenantId)
    const { total } = await rows
      .select((eb) => eb.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow()
    return total
  }
  return { connections: await count('connection'), restorable: await count('deleted_connection') }
}

/**
 * Erases a tenant: revokes its API keys and removes its webhooks with their messages, its names, its link to the partner and the changes in its audit log; its id and the events stay.
 * Returns how many keys the call revoked.
 */
export async function eraseTenant(tx: Tx, tenantId: string, at: string): Promise<number> {
  const { numUpdatedRows: revoked } = await tx
    .updateTable('api_key')
    .set({ revoked_at: at })
    .where('tenant_id', '=', tenantId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  await tx.deleteFrom('webhook_endpoint').where('tenant_id', '=', tenantId).execute()
  await tx.deleteFrom('outbox_message').where('tenant_id', '=', tenantId).execute()
  await eraseEveryChange(tx, tenantId)
  await tx
    .updateTable('tenant')
    .set({
      company_name: '',
      name_key: null,
      first_name: null,
      last_name: null,
      email: null,
      origin_country_code: null,
      partner_id: null,
      external_account_id: null,
      active: 0,
      modified_at: at,
      deleted_at: at,
    })
    .where('tenant_id', '=', tenantId)
    .execute()
  return Number(revoked)
}
