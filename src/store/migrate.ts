import { sql, type Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { StartRefused } from '../errors.ts'
import type { Dialect } from './db.ts'
import { MIGRATION_TABLE } from './migration-names.ts'
import { describeLost, isThereAlready } from './migration-record.ts'
import { foundation } from './migrations/0001-foundation.ts'
import { walls } from './migrations/0002-walls.ts'
import { webhooks } from './migrations/0003-webhooks.ts'
import { verification } from './migrations/0004-verification.ts'
import { tokens } from './migrations/0005-tokens.ts'
import { signIn } from './migrations/0006-sign-in.ts'
import { webhookSecretRotation } from './migrations/0007-webhook-secret-rotation.ts'
import { labels } from './migrations/0008-labels.ts'
import { deletes } from './migrations/0009-deletes.ts'
import { attempts } from './migrations/0010-attempts.ts'
import { webhookReasons } from './migrations/0011-webhook-reasons.ts'
import { toldTrouble } from './migrations/0012-told-trouble.ts'
import { openShipments } from './migrations/0013-open-shipments.ts'
import { keptStanding } from './migrations/0014-kept-standing.ts'
import { boundedStatements } from './migrations/0016-bounded-statements.ts'
import { keyEnvironments } from './migrations/0017-key-environments.ts'
import { recurringNumbers } from './migrations/0020-recurring-numbers.ts'
import { tenantNames } from './migrations/0021-tenant-names.ts'
import { listing } from './migrations/0022-listing.ts'
import { searchTerms } from './migrations/0023-search-terms.ts'
import { auditSearch } from './migrations/0024-audit-search.ts'
import { auditChanges } from './migrations/0025-audit-changes.ts'
import { plainNames } from './migrations/0026-plain-names.ts'

/** `migrations` holds every migration in order; the name of a released migration never changes. */
export const migrations = {
  '0001-foundation': foundation,
  '0002-walls': walls,
  '0003-webhooks': webhooks,
  '0004-verification': verification,
  '0005-tokens': tokens,
  '0006-sign-in': signIn,
  '0007-webhook-secret-rotation': webhookSecretRotation,
  '0008-labels': labels,
  '0009-deletes': deletes,
  '0010-attempts': attempts,
  '0011-webhook-reasons': webhookReasons,
  '0012-told-trouble': toldTrouble,
  '0013-open-shipments': openShipments,
  '0014-kept-standing': keptStanding,
  '0016-bounded-statements': boundedStatements,
  '0017-key-environments': keyEnvironments,
  '0020-recurring-numbers': recurringNumbers,
  '0021-tenant-names': tenantNames,
  '0022-listing': listing,
  '0023-search-terms': searchTerms,
  '0024-audit-search': auditSearch,
  '0025-audit-changes': auditChanges,
  '0026-plain-names': plainNames,
}

const LOCK_TABLE = 'hawser_migration_lock'

/**
 * Applies the missing migrations in one transaction and returns their names; `where` names the database in a refusal.
 * Processes that start at the same time migrate one after the other. Throws `StartRefused` where a migration fails.
 */
export async function migrate(db: Kysely<unknown>, dialect: Dialect, where: string): Promise<string[]> {
  const schema = dialect === 'postgres' ? await currentSchema(db) : undefined
  const migrator = new Migrator({
    db,
    ...(schema === undefined ? {} : { migrationTableSchema: schema }),
    migrationTableName: MIGRATION_TABLE,
    migrationLockTableName: LOCK_TABLE,
    provider: {
      getMigrations: async () =>
        Object.fromEntries(
          Object.entries(migrations).map(([name, up]) => [
            name,
            { up: (step: Kysely<unknown>) => up(step, dialect) },
          ]),
        ),
    },
  })
  const { error, results } = await migrator.migrateToLatest()
  const failed = results?.find(({ status }) => status === 'Error')
  if (failed && isThereAlready(error)) throw new StartRefused(describeLost(where, [failed.migrationName]))
  if (error)
    throw new StartRefused('The database schema could not be brought up to date; nothing was changed.', {
      cause: error,
    })
  return (results ?? [])
    .filter(({ status }) => status === 'Success')
    .map(({ migrationName }) => migrationName)
}

/** Returns the current schema; without its name, Kysely would take the tables of another installation in the same database for the tables of this one. */
async function currentSchema(db: Kysely<unknown>): Promise<string | undefined> {
  const { rows } = await sql<{ name: string | null }>`select current_schema() as name`.execute(db)
  return rows[0]?.name ?? undefined
}

/** Throws `StartRefused` where a newer Hawser has written this database. */
export function requireKnownMigrations(applied: readonly string[]): void {
  const unknown = applied.filter((name) => !(name in migrations))
  if (unknown.length > 0)
    throw new StartRefused(
      `The database was written by a newer Hawser (it has ${unknown.join(', ')}); this one leaves it alone.`,
    )
}

/** Says whether `applied` holds every migration, so that a server without the right to change the schema can start. */
export function isUpToDate(applied: readonly string[]): boolean {
  return Object.keys(migrations).every((name) => applied.includes(name))
}
