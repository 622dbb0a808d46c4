import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import pg from 'pg'
import type { DatabaseFault } from '../../src/store/db.ts'
import { RELATIONS } from '../../src/store/schema/orphans.ts'
import expected from '../../src/store/postgres/expected-schema.json' with { type: 'json' }
import { examineSqlite, readSqliteSchema } from '../../src/store/sqlite/examine.ts'
import { connectBodies } from '../support/connections/connect-bodies.ts'
import { unique } from '../support/unique.ts'
import { runAsOwner } from '../support/database/databases.ts'
import { onEveryDatabase } from '../support/server/every-database.ts'
import { openTestServer, type TestServer } from '../support/server/test-server.ts'

const whats = (faults: readonly DatabaseFault[]) => faults.map(({ what }) => what)
const pathOf = ({ env }: TestServer) => (env.HAWSER_DATABASE_URL ?? '').slice('sqlite:'.length)

/** Makes a whole SQLite file with a connection in it, apart from the server that made it. */
async function wholeFile(): Promise<{
  path: string
  schema: ReturnType<typeof readSqliteSchema>
  end: () => Promise<void>
}> {
  const server = await openTestServer('sqlite')
  const body = { ...connectBodies.endicia, account: unique() }
  assert.equal((await server.request('POST', '/v1/connections/carriers/endicia', { body })).status, 200)
  const path = `${pathOf(server)}-copy`
  const db = new DatabaseSync(pathOf(server))
  db.exec(`vacuum into '${path}'`)
  const schema = readSqliteSchema(db)
  db.close()
  return { path, schema, end: () => server.close() }
}

function change(path: string, statements: string): void {
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: false })
  db.exec(statements)
  db.close()
}

test('SQLite: whatever page is overwritten, the file is not called whole', async (t) => {
  const { path, schema, end } = await wholeFile()
  t.after(end)
  assert.deepEqual(await examineSqlite(path, schema), [], 'the control: the file is whole')
  const whole = readFileSync(path)
  const size = whole.readUInt16BE(16) || 65_536
  const spoilt = `${path}-spoilt`
  for (let page = 0; page < whole.length / size; page += 1)
    for (const garbage of [0xff, 0x5a]) {
      const bytes = Buffer.from(whole)
      bytes.fill(garbage, page * size, (page + 1) * size)
      writeFileSync(spoilt, bytes)
      const [fault] = await examineSqlite(spoilt, schema)
      assert.equal(fault?.kind, 'damage', `page ${page + 1} of ${garbage}`)
      assert.match(fault.what, /is damaged: /)
      assert.match(fault.remedy, /backup/)
    }
})

test('SQLite: an index that lacks rows is named, and what is told mends it', async (t) => {
  const { path, schema, end } = await wholeFile()
  t.after(end)
  const db = new DatabaseSync(path, { defensive: false })
  db.exec(`pragma writable_schema = on;
    update sqlite_schema set sql = 'create index api_key_tenant on api_key (tenant_id, created_at) where 0' where name = 'api_key_tenant'`)
  db.close()
  change(path, 'reindex api_key_tenant')
  const again = new DatabaseSync(path, { defensive: false })
  again.exec(`pragma writable_schema = on;
    update sqlite_schema set sql = 'CREATE INDEX "api_key_tenant" on "api_key" ("tenant_id", "created_at")' where name = 'api_key_tenant'`)
  again.close()
  const faults = await examineSqlite(path, schema)
  assert.deepEqual(
    whats(faults).filter((what) => what.startsWith('the index')),
    ['the index api_key_tenant does not hold the rows of its table'],
  )
  change(path, /"(reindex \w+)"/.exec(faults[0]?.remedy ?? '')?.[1] ?? '')
  assert.deepEqual(
    whats(await examineSqlite(path, schema)).filter((what) => what.startsWith('the index')),
    [],
  )
})

test('SQLite: every table, index and trigger that is dropped is missed, and what is told puts it back', async (t) => {
  const { path, schema, end } = await wholeFile()
  t.after(end)
  const copy = `${path}-less`
  const parts = schema.filter(({ kind }) => kind !== 'column')
  assert.ok(parts.length > 80)
  for (const { kind, table, name } of parts) {
    copyFileSync(path, copy)
    change(copy, `drop ${kind} ${name}`)
    const faults = await examineSqlite(copy, schema)
    const what = `the ${kind} ${name}${kind === 'table' ? '' : ` on ${table}`} is missing`
    assert.deepEqual(whats(faults), [what])
    assert.equal(faults[0]?.isReadable, kind !== 'table')
    if (kind === 'table') continue
    change(copy, (faults[0]?.remedy ?? '').replace(/^.* run: /, ''))
    assert.deepEqual(await examineSqlite(copy, schema), [], `${name} is back`)
  }
})

test('SQLite: a column that is gone or new, and a trigger or unique index of somebody else, are told; an index of his is his own', async (t) => {
  const { path, schema, end } = await wholeFile()
  t.after(end)
  const copy = `${path}-other`
  const cases: [statements: string, told: (RegExp | string)[]][] = [
    [
      'alter table tenant drop column email',
      [/^the table tenant is not as/, 'the column email of tenant is missing'],
    ],
    [
      'alter table tenant add column mine text',
      [/^the table tenant is not as/, /^the column mine of tenant is there, and no migration/],
    ],
    [
      'create trigger mine before insert on label begin select 1; end',
      [/^the trigger mine on label is there, and no/],
    ],
    ['create unique index mine on label (service_code)', [/^the index mine on label is there, and no/]],
    ['create index mine on label (service_code); create table mine2 (a)', []],
    [
      'drop trigger audit_event_no_update; create trigger audit_event_no_update before update on audit_event begin select 1; end',
      [/^the trigger audit_event_no_update on audit_event is not as the migrations/],
    ],
  ]
  for (const [statements, told] of cases) {
    copyFileSync(path, copy)
    change(copy, statements)
    const found = whats(await examineSqlite(copy, schema))
      .sort()
      .reverse()
    assert.equal(found.length, told.length, `${statements}: ${found.join('; ')}`)
    for (const what of told)
      assert.ok(
        found.some((one) => (typeof what === 'string' ? one === what : what.test(one))),
        `${statements}: ${found.join('; ')}`,
      )
  }
})

test('SQLite: every foreign key stands among the relations that orphans are looked for by', async (t) => {
  const { path, schema, end } = await wholeFile()
  t.after(end)
  const db = new DatabaseSync(path)
  const keys = schema
    .filter(({ kind }) => kind === 'table')
    .flatMap(({ name }) =>
      (
        db.prepare('select distinct "table" as parent from pragma_foreign_key_list(?)').all(name) as {
          parent: string
        }[]
      ).map(({ parent }) => ({ name, parent })),
    )
  db.close()
  assert.ok(keys.length > 10)
  const missing = keys.filter(
    ({ name, parent }) =>
      parent !== 'tenant' &&
      !RELATIONS.some(({ table, parents }) => table === name && parents.includes(parent)),
  )
  assert.deepEqual(missing, [])
})

onEveryDatabase('a database as a whole', (server) => {
  const run = async (statements: string) => {
    const { database, env } = server()
    if (database === 'sqlite') return change(pathOf(server()), statements)
    await runAsOwner(env.HAWSER_DATABASE_URL ?? '', `set session_replication_role = replica; ${statements}`)
  }
  const connected = async (key: string) => {
    const body = { ...connectBodies.endicia, account: unique() }
    const answer = await server().request('POST', '/v1/connections/carriers/endicia', { key, body })
    return answer.json.carrier_id as string
  }

  test('is whole as it is made and used', async () => {
    const key = await server().newKey()
    const carrier_id = await connected(key)
    await server().request('POST', '/v1/labels/import', {
      key,
      body: { labels: [{ carrier_id, tracking_number: 'T', ship_date: '2026-01-01' }] },
    })
    await server().request('DELETE', `/v1/connections/carriers/endicia/${await connected(key)}`, { key })
    assert.deepEqual(await server().ctx.store.examine(), [])
  })

  test('rows whose connection or account is gone are told, with how many there are', async () => {
    const { newTenant, newKey, ctx } = server()
    const [tenantId, other] = [await newTenant(), await newTenant()]
    const [key, otherKey] = [await newKey({ tenantId }), await newKey({ tenantId: other })]
    const [carrierId, otherId] = [await connected(key), await connected(otherKey)]
    await server().request('POST', '/v1/labels/import', {
      key,
      body: { labels: [{ carrier_id: carrierId, tracking_number: 'T', ship_date: '2026-01-01' }] },
    })
    assert.deepEqual(await ctx.store.examine(), [], 'the control')
    await run(`delete from connection where carrier_id = '${carrierId}'`)
    const told = (await ctx.store.examine()).filter(({ what }) => what.includes(tenantId))
    assert.ok(told.every(({ kind, remedy, isReadable }) => kind === 'orphans' && isReadable && remedy !== ''))
    for (const [table, why] of [
      ['label', 'belong to a connection that neither is there nor was deleted'],
      ['connection_listing', 'belong to a connection that is gone'],
    ])
      assert.ok(
        whats(told).includes(
          `rows of ${table} ${why}: 1 of the account ${tenantId}, the first of carrier_id ${carrierId}`,
        ),
        whats(told).join('\n'),
      )
    await run(`delete from connection_listing where carrier_id = '${otherId}'`)
    assert.ok(
      whats(await ctx.store.examine()).includes(
        `rows of connection stand in no list: 1 of the account ${other}, the first of carrier_id ${otherId}`,
      ),
    )
    await run(`delete from tenant where tenant_id = '${other}'`)
    const strays = whats(await ctx.store.examine()).filter((what) => what.startsWith('the account'))
    assert.equal(strays.length, 1)
    assert.match(
      strays[0] ?? '',
      new RegExp(`^the account ${other} is not there, but rows of it are: .*1 in api_key`),
    )
    assert.match(strays[0] ?? '', /1 in connection\b/)
  })

  test('looking at it keeps no writer waiting, and changes nothing', async () => {
    const { ctx, newTenant } = server()
    const [, made] = await Promise.all([ctx.store.examine(), newTenant()])
    assert.notEqual(made, '')
  })
})

if (process.env.HAWSER_TEST_POSTGRES_URL)
  test('PostgreSQL: every part of the schema that is taken away is missed, and what is told puts it back', async (t) => {
    const server = await openTestServer('postgres')
    const url = server.env.HAWSER_DATABASE_URL ?? ''
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    t.after(async () => {
      await client.end()
      await server.close()
    })
    const { store } = server.ctx
    const drop: Record<string, (part: { table: string; name: string }) => string> = {
      constraint: ({ table, name }) => `alter table ${table} drop constraint ${name}`,
      index: ({ name }) => `drop index ${name}`,
      trigger: ({ table, name }) => `drop trigger ${name} on ${table}`,
      'row-level security': ({ table }) =>
        `alter table ${table} no force row level security; alter table ${table} disable row level security`,
      policy: ({ table, name }) => `drop policy ${name} on ${table}`,
      rights: ({ table, name }) => `revoke all on ${table} from ${name}`,
    }
    const { rows: keys } = await client.query<{ name: string }>(
      `select distinct conindid::regclass::text as name from pg_constraint where contype = 'f'`,
    )
    const needed = new Set(keys.map(({ name }) => name))
    let tried = 0
    for (const part of expected) {
      const isOpen = part.kind === 'row-level security' && part.definition.includes('disable')
      const take = drop[part.kind]
      if (!take || isOpen || needed.has(part.name)) continue
      tried += 1
      await client.query(take(part))
      const faults = await store.examine()
      assert.equal(
        faults.length,
        1,
        `${part.kind} ${part.name} on ${part.table}: ${whats(faults).join('; ')}`,
      )
      assert.match(faults[0]?.what ?? '', new RegExp(`${part.table}.* (is|are) (missing|not as)`))
      // A part that is not repaired is found again by the next examination.
      await client.query((faults[0]?.remedy ?? '').replace(/^.* run: /s, ''))
    }
    assert.deepEqual(await store.examine(), [])
    assert.ok(tried > 150, `${tried} parts`)
    for (const { name } of expected.filter(({ kind }) => kind === 'function')) {
      await client.query(
        `create or replace function ${name}() returns trigger language plpgsql as 'begin return null; end'`,
      )
      const faults = await store.examine()
      assert.deepEqual(whats(faults), [`the function ${name} is not as the migrations of Hawser make it`])
      await client.query((faults[0]?.remedy ?? '').replace(/^.* run: /s, ''))
    }
    await client.query('alter table label disable trigger all')
    assert.ok(
      whats(await store.examine()).some((what) =>
        what.startsWith('the constraint label_manifest on label is not'),
      ),
    )
    await client.query('alter table label enable trigger all; grant delete on audit_event to public')
    assert.deepEqual(whats(await store.examine()), [
      'the rights of hawser_app on audit_event are not as the migrations of Hawser make them',
    ])
    await client.query('revoke delete on audit_event from public; drop table webhook_rotation')
    assert.deepEqual(whats(await store.examine()), ['the table webhook_rotation is missing'])
  })

test('the parts of both schemas name the same tables and columns', async (t) => {
  const { schema, end } = await wholeFile()
  t.after(end)
  const names = (parts: readonly { kind: string; table: string; name: string }[]) =>
    parts
      .filter(({ kind }) => kind === 'column')
      .map(({ table, name }) => `${table}.${name}`)
      .sort()
  assert.deepEqual(names(schema), names(expected))
})
