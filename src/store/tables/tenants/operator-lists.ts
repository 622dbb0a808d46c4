import { existsSync } from 'node:fs'
import { realPath } from '../../../real-path.ts'
import type { ListedApiKey } from './api-keys.ts'
import type { Database } from '../../db.ts'
import { MIGRATION_TABLE, migrationNames } from '../../migration-names.ts'
import type { Tenant } from '../../schema/tables.ts'

/** The operator's lists hold, oldest first, every tenant, deleted ones too, and every API key without its hash. */
export type OperatorLists = { tenants: Tenant[]; keys: ListedApiKey[] }

const BUSY_MS = 5_000

/**
 * Reads the operator's lists from a SQLite file without the key-encryption key, without migrating, and without loading other modules.
 * Returns `undefined` where there is no file, where the file is not Hawser's or not up to date, or where the database is PostgreSQL. Opening the installation then reports the reason.
 */
export async function readOperatorLists(database: Database): Promise<OperatorLists | undefined> {
  if (database.kind !== 'sqlite') return undefined
  const path = realPath(database.path)
  if (!existsSync(path)) return undefined
  const { openReadOnly } = await import('../../sqlite/read-only.ts')
  try {
    const db = openReadOnly(path, BUSY_MS)
    try {
      // The transaction makes both lists show the same moment.
      db.exec('begin')
      const rows = <Row>(statement: string) =>
        db
          .prepare(statement)
          .all()
          .map((row) => ({ ...row }) as Row)
      const applied = rows<{ name: string }>(`select name from ${MIGRATION_TABLE} order by name`)
      const isInstalled = rows('select id from installation').length === 1
      const isUpToDate = applied.map(({ name }) => name).join() === migrationNames().join()
      if (!isInstalled || !isUpToDate) return undefined
      return {
        tenants: rows<Tenant>('select * from tenant order by created_at, tenant_id'),
        keys: rows<ListedApiKey & { secret_hash?: unknown }>(
          'select * from api_key order by created_at, key_id',
        ).map(({ secret_hash: _hash, ...key }) => key),
      }
    } finally {
      db.close()
    }
  } catch {
    // Opening the installation reports what is wrong with the file.
    return undefined
  }
}
