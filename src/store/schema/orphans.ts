import type { DatabaseFault } from '../db.ts'

/** A `RunStatement` runs one statement on a database and returns the rows. */
export type RunStatement = (statement: string) => Promise<readonly Record<string, unknown>[]>

/** A relation says that each row of `table` needs a row with the same `columns` in at least one of the `parents`. */
export type Relation = {
  table: string
  columns: readonly string[]
  parents: readonly string[]
  /** `what` is a clause that says what is wrong with rows without any parent. */
  what: string
}

const CONNECTION = ['tenant_id', 'environment', 'carrier_id']
const WEBHOOK = ['tenant_id', 'environment', 'webhook_id']

const beside = (table: string): Relation => ({
  table,
  columns: CONNECTION,
  parents: ['connection'],
  what: 'belong to a connection that is gone',
})
const under = (table: string): Relation => ({
  table,
  columns: CONNECTION,
  parents: ['connection', 'tombstone'],
  what: 'belong to a connection that neither is there nor was deleted',
})

/** `RELATIONS` lists which rows belong to which, even where the database has no foreign key for them. Besides, the rows of every table belong to a tenant. */
export const RELATIONS: readonly Relation[] = [
  beside('previous_credentials'),
  beside('scheduled_check'),
  beside('sign_in'),
  beside('carrier_token'),
  beside('connection_listing'),
  under('lease'),
  under('label'),
  under('manifest'),
  { table: 'connection', columns: CONNECTION, parents: ['connection_listing'], what: 'stand in no list' },
  {
    table: 'connection_term',
    columns: CONNECTION,
    parents: ['connection_listing'],
    what: 'belong to a connection that is in no list',
  },
  {
    table: 'deleted_connection',
    columns: CONNECTION,
    parents: ['tombstone'],
    what: 'belong to a deleted connection whose name is gone',
  },
  {
    table: 'label',
    columns: ['tenant_id', 'environment', 'manifest_id'],
    parents: ['manifest'],
    what: 'belong to a manifest that is gone',
  },
  {
    table: 'webhook_rotation',
    columns: WEBHOOK,
    parents: ['webhook_endpoint'],
    what: 'belong to a webhook that is gone',
  },
  {
    table: 'webhook_delivery',
    columns: WEBHOOK,
    parents: ['webhook_endpoint'],
    what: 'belong to a webhook that is gone',
  },
  {
    table: 'webhook_delivery',
    columns: ['tenant_id', 'environment', 'message_id'],
    parents: ['outbox_message'],
    what: 'belong to a message that is gone',
  },
]

/** `OF_NOBODY` is the tenant id of the installation's own audit log, which belongs to no tenant. */
const OF_NOBODY = `'system'`

/** Finds rows whose tenant does not exist, among the rows that `ask` can see. */
export async function findStrays(ask: RunStatement, tables: readonly string[]): Promise<DatabaseFault[]> {
  const left = new Map<string, string[]>()
  for (const table of tables) {
    const rows = await ask(`select tenant_id as owner, count(*) as rows from ${table}
      where tenant_id <> ${OF_NOBODY} and not exists (select 1 from tenant where tenant.tenant_id = ${table}.tenant_id)
      group by tenant_id order by tenant_id`)
    for (const { owner, rows: count } of rows) {
      const name = String(owner)
      left.set(name, [...(left.get(name) ?? []), `${String(count)} in ${table}`])
    }
  }
  return [...left].map(([owner, found]) => ({
    kind: 'orphans',
    isReadable: true,
    what: `the account ${owner} is not there, but rows of it are: ${found.join(', ')}`,
    remedy:
      'Nobody can use, list or delete them. Restore the database, or the row of the account in the table tenant, from a backup.',
  }))
}

/** Finds rows whose parent row does not exist, among the rows that `ask` can see. */
export async function findOrphans(ask: RunStatement): Promise<DatabaseFault[]> {
  const faults: DatabaseFault[] = []
  for (const { table, columns, parents, what } of RELATIONS) {
    const absent = parents.map((parent) => {
      const same = columns.map((column) => `${parent}.${column} = child.${column}`)
      return `not exists (select 1 from ${parent} where ${same.join(' and ')})`
    })
    const named = columns.at(-1) ?? ''
    const rows =
      await ask(`select tenant_id as owner, count(*) as rows, min(${named}) as first from ${table} as child
      where ${named} is not null and ${absent.join(' and ')} group by tenant_id order by tenant_id`)
    for (const { owner, rows: count, first } of rows)
      faults.push({
        kind: 'orphans',
        isReadable: true,
        what: `rows of ${table} ${what}: ${String(count)} of the account ${String(owner)}, the first of ${named} ${String(first)}`,
        remedy: `Restore the database, or the rows that are gone, from a backup; where they were removed on purpose, remove these rows too.`,
      })
  }
  return faults
}
