import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { countFound, filesOf } from '../../test/support/bytes.ts'
import { openPages, readLog, sizeOf } from './residue.ts'

function newPlace(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'hawser-test-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, 'a.db')
}

function open(t: TestContext, path: string, table: string, pageSize = 4096): DatabaseSync {
  const db = new DatabaseSync(path)
  t.after(() => db.close())
  db.exec(
    `pragma page_size = ${pageSize}; pragma journal_mode = wal; pragma synchronous = off; pragma secure_delete = on`,
  )
  db.exec(table)
  return db
}

/** Inserts, replaces and deletes rows in any order; answers what stands no longer in any row, and what does. */
function churn(db: DatabaseSync, turns: number): { gone: Buffer[]; live: Buffer[] } {
  const rows = new Map<string, Buffer>()
  const gone: Buffer[] = []
  const newBytes = () => randomBytes(86 + 64 * randomInt(1, 9))
  const write = db.prepare('insert or replace into kept values (?, ?)')
  const remove = db.prepare('delete from kept where id = ?')
  const drop = (id: string) => {
    gone.push(rows.get(id) ?? Buffer.alloc(0))
    rows.delete(id)
  }
  for (let turn = 0; turn < turns; turn += 1) {
    const ids = [...rows.keys()]
    const id = ids[randomInt(Math.max(1, ids.length))]
    const kind = ids.length < 20 ? 0 : randomInt(10)
    if (kind > 7 && id !== undefined) {
      remove.run(id)
      drop(id)
      continue
    }
    const target = kind > 4 && id !== undefined ? id : randomBytes(8).toString('hex')
    if (rows.has(target)) drop(target)
    const bytes = newBytes()
    write.run(target, bytes)
    rows.set(target, bytes)
  }
  return { gone: gone.map((bytes) => bytes.subarray(0, 32)), live: [...rows.values()] }
}

for (const [name, table, pageSize] of [
  ['a table without rowid', 'create table kept (id text primary key, bytes blob) without rowid', 4096],
  ['a table with rowid', 'create table kept (id text primary key, bytes blob)', 4096],
  ['small pages', 'create table kept (id text primary key, bytes blob) without rowid', 512],
  ['large pages', 'create table kept (id text primary key, bytes blob) without rowid', 65_536],
] as const)
  test(`${name}: what moved rows leave is found, and cleared without harm`, async (t) => {
    const path = newPlace(t)
    const db = open(t, path, table, pageSize)
    const { gone, live } = churn(db, 6_000)
    db.exec('pragma wal_checkpoint(truncate)')
    const before = countFound(gone, filesOf(path))
    const pages = openPages(path)
    t.after(() => pages.close())
    const found = await pages.search()
    const all = Array.from({ length: sizeOf(path) / pageSize + 5 }, (_, index) => index + 1)
    db.exec('begin immediate')
    assert.equal(pages.clear(all), found.length, 'one by one or as a whole')
    assert.equal(pages.clear(all), 0)
    db.exec('rollback; pragma shrink_memory')
    assert.deepEqual(await pages.search(), [])
    assert.equal(countFound(gone, filesOf(path)), 0, `${before} before, of ${gone.length}`)
    assert.equal(db.prepare('pragma integrity_check').get()?.integrity_check, 'ok')
    const kept = db.prepare('select bytes from kept').all() as { bytes: Uint8Array }[]
    assert.deepEqual(
      kept.map(({ bytes }) => Buffer.from(bytes).toString('hex')).sort(),
      live.map((bytes) => bytes.toString('hex')).sort(),
    )
    // What was kept in memory of the pages does not come back.
    db.exec('delete from kept; pragma wal_checkpoint(truncate)')
    assert.equal(countFound(gone, filesOf(path)), 0)
  })

test('the control: secure_delete and an empty log alone leave some', (t) => {
  let left = 0
  for (let round = 0; round < 5 && left === 0; round += 1) {
    const path = newPlace(t)
    const db = open(t, path, 'create table kept (id text primary key, bytes blob) without rowid')
    const { gone } = churn(db, 8_000)
    db.exec('pragma wal_checkpoint(truncate)')
    left = countFound(gone, filesOf(path))
  }
  assert.ok(left > 0)
})

test('the log: its pages and its salt are read, and what an earlier one left is not', (t) => {
  const path = newPlace(t)
  const db = open(t, path, 'create table kept (id text primary key, bytes blob) without rowid')
  const log = `${path}-wal`
  churn(db, 500)
  const first = readLog(log)
  assert.ok(first && first.pages.size > 10)
  db.exec("insert into kept values ('none', x'00')")
  const more = readLog(log, first)
  assert.ok(more && more.pages.size < 10 && more.end > first.end, 'only what has come since')
  db.exec('pragma wal_checkpoint(restart)')
  db.exec("insert into kept values ('one', x'00')")
  const second = readLog(log, more)
  assert.ok(second && second.pages.size < first.pages.size)
  assert.equal(second.salt, (first.salt + 1) >>> 0)
  db.exec('pragma wal_checkpoint(truncate)')
  assert.equal(readLog(log), undefined)
  assert.equal(readLog(`${path}-none`), undefined)
})

test('pages whose header makes no sense are left alone', async (t) => {
  const path = newPlace(t)
  const page = Buffer.alloc(4096, 0xff)
  const first = Buffer.alloc(4096)
  first.writeUInt16BE(4096, 16)
  const kinds = [0, 2, 5, 10, 13].map((kind) => Buffer.concat([Buffer.from([kind]), page.subarray(1)]))
  // Cells that begin within the room, and a list that is longer than the page.
  const tangled = Buffer.alloc(4096, 1)
  tangled.set([13, 0, 0, 0, 2, 0x0f, 0x00], 0)
  const long = Buffer.alloc(4096, 1)
  long.set([13, 0, 0, 0xff, 0xff, 0x0f, 0x00], 0)
  writeFileSync(path, Buffer.concat([first, ...kinds, tangled, long, page.subarray(0, 100)]))
  const pages = openPages(path)
  t.after(() => pages.close())
  assert.deepEqual(await pages.search(), [])
  pages.clear([1, 2, 3, 4, 5, 6, 7, 8, 9])
  assert.ok(
    filesOf(path)
      .subarray(4097, 5 * 4096)
      .includes(page.subarray(1)),
  )
})
