import pg from 'pg'
import type { DatabaseFault } from '../db.ts'
import { APP_ROLE } from '../migrations/0002-walls.ts'
import { findOrphans, findStrays, type RunStatement } from '../schema/orphans.ts'
import { withSentences } from './refusals.ts'
import { compareSchemas, type SchemaPart } from '../schema/compare-schemas.ts'
import expected from './expected-schema.json' with { type: 'json' }
import { readPostgresSchema } from './read-schema.ts'

/**
 * Compares the schema of a PostgreSQL database with the schema that the migrations make, and then looks for rows whose parent row does not exist.
 * It works in the role that row-level security restricts, reads one tenant after the other, and locks nothing.
 */
export async function examinePostgres(url: string, settings: string): Promise<DatabaseFault[]> {
  return withSentences(url, async () => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const ask: RunStatement = async (statement) =>
      (await client.query<Record<string, unknown>>(statement)).rows
    try {
      await client.query(`set default_transaction_read_only = on; set statement_timeout = 0; ${settings}`)
      const schema = compareSchemas(expected as SchemaPart[], await readPostgresSchema(ask))
      // With other policies or without a right some rows are not visible, and the search would report them as lost.
      if (schema.length > 0) return schema
      await client.query(`set role ${APP_ROLE}`)
      const orphans: DatabaseFault[] = []
      for (const tenantId of await listOwners(client)) {
        await client.query(`select set_config('hawser.tenant', $1, false)`, [tenantId])
        orphans.push(...(await findStrays(ask, OWNED)), ...(await findOrphans(ask)))
      }
      return orphans
    } finally {
      await client.end()
    }
  })
}

const OWNED = (expected as SchemaPart[])
  .filter(({ kind, table, name }) => kind === 'column' && name === 'tenant_id' && table !== 'tenant')
  .map(({ table }) => table)

/** Lists the existing tenants and the tenants named by API keys, because nothing else is visible across tenants. */
async function listOwners(client: pg.Client): Promise<string[]> {
  await client.query(`select set_config('hawser.crossing', 'operate', false)`)
  const { rows } = await client.query<{ tenant_id: string }>(
    'select tenant_id from tenant union select tenant_id from api_key order by tenant_id',
  )
  await client.query(`select set_config('hawser.crossing', '', false)`)
  return rows.map(({ tenant_id }) => tenant_id)
}
