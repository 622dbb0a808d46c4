import pg from 'pg'
import { format, resolveConfig } from 'prettier'
import { openPostgres } from '../src/store/postgres/open.ts'
import { readPostgresSchema } from '../src/store/postgres/read-schema.ts'
import { startPostgres } from '../test/support/database/postgres-server.ts'
import { emit } from './generated.ts'

// This script records the schema that the migrations make in an empty PostgreSQL database.
// `hawser doctor` compares a database with it, because on PostgreSQL it cannot make an empty database for the comparison.
const server = await startPostgres()
try {
  const store = await openPostgres(server.url, 1)
  await store.close()
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  const parts = await readPostgresSchema(async (statement) => (await client.query(statement)).rows)
  await client.end()
  const path = 'src/store/postgres/expected-schema.json'
  emit({
    [path]: await format(JSON.stringify(parts), { ...(await resolveConfig(path)), filepath: path }),
  })
} finally {
  await server.stop()
}
