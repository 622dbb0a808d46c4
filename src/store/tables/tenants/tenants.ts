import type { ExpressionBuilder, Insertable } from 'kysely'
import { eraseEveryChange } from './audit-changes.ts'
import type { Db, Tx } from '../../db.ts'
import { findPage, PART, type Span } from '../../pages.ts'
import type { Environment, Schema, Tenant } from '../../schema/tables.ts'

/** Adds a tenant; `false` when another of the same partner and environment has its `external_account_id`. */
export async function insertTenant(tx: Tx, row: Insertable<Schema['tenant']>): Promise<boolean> {
  const inserted = await tx
    .insertInto('tenant')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .returning('tenant_id')
    .execute()
  return inserted.length === 1
}

/** The tenant with this id. */
export function findTenant(db: Db, tenantId: string): Promise<Tenant | undefined> {
  return db.selectFrom('tenant').selectAll().where('tenant_id', '=', tenantId).executeTakeFirst()
}

/** Every tenant of the installation, deleted ones too, oldest first. */
export function listTenants(db: Db): Promise<Tenant[]> {
  return db.selectFrom('tenant').selectAll().orderBy('created_at').orderBy('tenant_id').execute()
}

/** A partner as one of its keys: that of production sees accounts of production, that of the sandbox the sandbox side of every account. */
export type PartnerView = { partnerId: string; environment: Environment }

function seenBy(db: Db, { partnerId, environment }: PartnerView) {
  const own = db.selectFrom('tenant').where('partner_id', '=', partnerId)
  return environment === 'sandbox' ? own : own.where('environment', '=', environment)
}

/** The tenant that this partner created under this id. */
export function findPartnerTenant(
  db: Db,
  partner: PartnerView,
  tenantId: string,
): Promise<Tenant | undefined> {
  return seenBy(db, partner).selectAll().where('tenant_id', '=', tenantId).executeTakeFirst()
}

/** The tenant that this partner knows under its own id; one of the environment that is asked from before any other. */
export async function findByExternalId(
  db: Db,
  partner: PartnerView,
  externalId: string,
): Promise<Tenant | undefined> {
  const known = await seenBy(db, partner).selectAll().where('external_account_id', '=', externalId).execute()
  return known.find(({ environment }) => environment === partner.environment) ?? known[0]
}

/** One page of the tenants that this partner created, oldest first, and how many there are. */
export async function listPartnerTenants(
  db: Db,
  partner: PartnerView,
  page: { limit: number; offset: number },
): Promise<{ tenants: Tenant[]; total: number }> {
  const within = ({ after, last }: Span<Place>) =>
    seenBy(db, partner)
      .$if(after !== undefined, (query) => query.where((eb) => eb(placeOf(eb), '>', tupleOf(eb, after))))
      .$if(last !== undefined, (query) => query.where((eb) => eb(placeOf(eb), '<=', tupleOf(eb, last))))
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
type InTenants = ExpressionBuilder<Schema, 'tenant'>

const placeOf = (eb: InTenants) => eb.refTuple('created_at', 'tenant_id')
const tupleOf = (eb: InTenants, place: Place | undefined) =>
  eb.tuple(place?.created_at ?? '', place?.tenant_id ?? '')

/** Changes a tenant’s own data. */
export async function changeTenant(
  tx: Tx,
  tenantId: string,
  change: Partial<Omit<Tenant, 'tenant_id' | 'partner_id' | 'created_at' | 'deleted_at' | 'environment'>> & {
    modified_at: string
  },
): Promise<void> {
  await tx.updateTable('tenant').set(change).where('tenant_id', '=', tenantId).execute()
}

/** How many connections a tenant has, and how many deleted ones that can be restored, in both environments. */
export async function countKept(
  db: Db,
  tenantId: string,
): Promise<{ connections: number; restorable: number }> {
  const count = async (table: 'connection' | 'buried_connection') => {
    const rows = db.selectFrom(table).where('tenant_id', '=', tenantId)
    const { total } = await rows
      .select((eb) => eb.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow()
    return total
  }
  return { connections: await count('connection'), restorable: await count('buried_connection') }
}

/** Takes a tenant away: its keys and webhooks, its names and its partner, and what its audit log shows of changes; its id and the events stay. Answers how many keys in force were revoked. */
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
      ...{ company_name: '', name_key: null, first_name: null, last_name: null, email: null },
      ...{ origin_country_code: null, partner_id: null, external_account_id: null },
      ...{ active: 0, modified_at: at, deleted_at: at },
    })
    .where('tenant_id', '=', tenantId)
    .execute()
  return Number(revoked)
}
