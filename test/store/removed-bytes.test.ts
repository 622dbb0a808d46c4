import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import type { Store } from '../../src/store/db.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { sizeOf } from '../../src/store/sqlite/checkpoints.ts'
import { countOccurring, readDatabaseFiles } from '../support/database/database-files.ts'

const TENANT = 'a tenant'
const ROWS = 5

/** Opens a database with few short rows, which all stand on one page, so that SQLite never moves one of them to another page. */
async function openPlace(t: TestContext, options: Parameters<typeof openSqlite>[1] = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'hawser-test-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'a.db')
  const store = await openSqlite(path, options)
  t.after(() => store.close())
  const emptied = async () => {
    for (let looks = 0; sizeOf(`${path}-wal`) > 0 && looks < 200; looks += 1) await pause(25)
    assert.equal(sizeOf(`${path}-wal`), 0, 'the log is emptied by itself')
  }
  return { path, store, emptied }
}

/** Inserts a data key, which stands for everything sealed: its table has bytes, and needs no row of another table. */
const insert = (store: Store, term: number, wrapped: Buffer) =>
  store.transaction(TENANT, (tx) =>
    tx
      .insertInto('key_term')
      .values({
        ...{ term, state: 'decrypt_only', kek_id: 'k', provider: 'p', wrapped, kcv: Buffer.alloc(1) },
        ...{ created_at: '', activated_at: null, retired_at: null },
      })
      .execute(),
  )
const replace = (store: Store, term: number, wrapped: Buffer) =>
  store.transaction(TENANT, (tx) =>
    tx.updateTable('key_term').set({ wrapped }).where('term', '=', term).execute(),
  )
const remove = (store: Store, term: number) =>
  store.transaction(TENANT, (tx) => tx.deleteFrom('key_term').where('term', '=', term).execute())

async function replaceAndRemove({ path, store, emptied }: Awaited<ReturnType<typeof openPlace>>) {
  const first = Array.from({ length: ROWS }, () => randomBytes(200))
  const second = Array.from({ length: ROWS }, () => randomBytes(200))
  for (const [term, bytes] of first.entries()) await insert(store, term, bytes)
  await emptied()
  assert.equal(countOccurring(first, readDatabaseFiles(path)), ROWS, 'they are there at first')
  for (const [term, bytes] of second.entries()) await replace(store, term, bytes)
  await emptied()
  assert.equal(countOccurring(second, readDatabaseFiles(path)), ROWS)
  const replaced = countOccurring(first, readDatabaseFiles(path))
  for (let term = 0; term < ROWS; term += 1) await remove(store, term)
  await emptied()
  return { replaced, removed: countOccurring([...first, ...second], readDatabaseFiles(path)) }
}

test('removed bytes: rows that are replaced or removed are overwritten in place', async (t) => {
  const place = await openPlace(t)
  assert.deepEqual(await place.store.describeFiles(), {
    dialect: 'sqlite',
    logBytes: sizeOf(`${place.path}-wal`),
    secureDelete: true,
  })
  assert.deepEqual(await replaceAndRemove(place), { replaced: 0, removed: 0 })
})

test('removed bytes: the control, without secure_delete they stay', async (t) => {
  const { removed } = await replaceAndRemove(await openPlace(t, { secureDelete: false }))
  assert.ok(removed > 0)
})
