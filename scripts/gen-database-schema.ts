import pg from 'pg'
import { format, resolveConfig } from 'prettier'
import { openPostgres } from '../src/store/postgres/open.ts'
import { readPostgresSchema } from '../src/store/postgres/read-schema.ts'
import { startPostgres } from '../test/support/database/postgres-server.ts'
import { emit } from './generated.ts'

// What the migrations make of an empty PostgreSQL database, for "hawser doctor": there it cannot make one of its own to compare with.
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
