import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { migrationNames } from '../../src/store/migration-names.ts'
import { migrations } from '../../src/store/migrate.ts'
import { readOperatorLists } from '../../src/store/tables/tenants/operator-lists.ts'
import { listAllKeys } from '../../src/tenants/keys/api-keys.ts'
import { listTenantsAndDeleted } from '../../src/tenants/operator.ts'
import { openTestServer } from '../support/server/test-server.ts'

const at = (path: string) => readOperatorLists({ kind: 'sqlite', path })
const pathOf = (url = '') => url.slice('sqlite:'.length)

test('the names of migrations are those of their files', () => {
  assert.deepEqual(migrationNames(), Object.keys(migrations))
})

test('what the operator lists is what the opened installation answers, beside a server and after it, and nothing is changed', async () => {
  const server = await openTestServer('sqlite')
  const path = pathOf(server.env.HAWSER_DATABASE_URL)
  await server.newKey({ tenantId: await server.newTenant() })
  const opened = { tenants: await listTenantsAndDeleted(server.ctx), keys: await listAllKeys(server.ctx) }
  // The rows of the driver have no prototype, and copies have one.
  const expected = structuredClone(opened)
  assert.deepEqual(await at(path), expected)
  assert.ok(expected.keys.length > 1 && !JSON.stringify(await at(path)).includes('secret_hash'))
  const copy = mkdtempSync(join(tmpdir(), 'hawser-lists-'))
  await server.ctx.store.close()
  writeFileSync(join(copy, 'a.db'), readFileSync(path))
  const before = statSync(join(copy, 'a.db')).mtimeMs
  assert.deepEqual(await at(join(copy, 'a.db')), expected)
  assert.deepEqual([readdirSync(copy), statSync(join(copy, 'a.db')).mtimeMs], [['a.db'], before])
  rmSync(copy, { recursive: true })
})

test('what is no file of ours, or not up to date, is left to who opens it', async (t) => {
  const server = await openTestServer('sqlite')
  const path = pathOf(server.env.HAWSER_DATABASE_URL)
  await server.ctx.store.close()
  const directory = mkdtempSync(join(tmpdir(), 'hawser-lists-'))
  t.after(() => rmSync(directory, { recursive: true }))
  assert.equal(await at(join(directory, 'absent.db')), undefined)
  assert.deepEqual(readdirSync(directory), [])
  writeFileSync(join(directory, 'garbage.db'), 'no database at all'.repeat(100))
  new DatabaseSync(join(directory, 'empty.db')).close()
  for (const [name, change] of Object.entries({
    older: `delete from hawser_migration where name = (select max(name) from hawser_migration)`,
    newer: `insert into hawser_migration (name, timestamp) values ('9999-later', '')`,
    begun: 'delete from installation',
  })) {
    const file = join(directory, `${name}.db`)
    writeFileSync(file, readFileSync(path))
    assert.ok(await at(file), 'the control')
    const db = new DatabaseSync(file)
    db.exec(change)
    db.close()
  }
  for (const name of readdirSync(directory).filter((file) => file.endsWith('.db')))
    assert.equal(await at(join(directory, name)), undefined, name)
  const url = { reveal: () => 'postgres://127.0.0.1:1/none' }
  assert.equal(await readOperatorLists({ kind: 'postgres', url } as never), undefined)
})
