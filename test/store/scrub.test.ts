import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test, type TestContext } from 'node:test'
import type { Store } from '../../src/store/db.ts'
import { openPages, sizeOf } from '../../src/store/residue.ts'
import { createScrub } from '../../src/store/scrub.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { countFound, filesOf } from '../support/bytes.ts'

const TENANT = 'a tenant'

type Place = { path: string; store: Store; told: [string, unknown][] }

async function openPlace(t: TestContext, options: Parameters<typeof openSqlite>[1] = {}): Promise<Place> {
  const directory = mkdtempSync(join(tmpdir(), 'hawser-test-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'a.db')
  const told: Place['told'] = []
  const store = await openSqlite(path, { tell: (...words) => told.push(words as never), ...options })
  t.after(() => store.close().catch(() => {}))
  return { path, store, told }
}

/** Keys of data stand in for what is sealed: a table with bytes, and no row of another that it needs. */
const write = ({ store }: Place, term: number, wrapped: Buffer) =>
  store.transaction(TENANT, async (tx) => {
    await tx.deleteFrom('key_term').where('term', '=', term).execute()
    await tx
      .insertInto('key_term')
      .values({
        ...{ term, state: 'decrypt_only', kek_id: 'k', provider: 'p', wrapped, kcv: Buffer.alloc(1) },
        ...{ created_at: '', activated_at: null, retired_at: null },
      })
      .execute()
  })
const remove = ({ store }: Place, term: number) =>
  store.transaction(TENANT, (tx) => tx.deleteFrom('key_term').where('term', '=', term).execute())

const log = ({ path }: Place) => sizeOf(`${path}-wal`)
async function until(holds: () => boolean, ms: number): Promise<number> {
  const start = Date.now()
  while (!holds() && Date.now() - start < ms) await pause(10)
  assert.ok(holds(), `not within ${ms} ms`)
  return Date.now() - start
}

test('what was replaced and removed is gone from the files within a second', async (t) => {
  const place = await openPlace(t)
  const versions = Array.from({ length: 3 }, () => randomBytes(200))
  for (const bytes of versions) await write(place, 1, bytes)
  assert.equal(countFound(versions, filesOf(place.path)), 3, 'the control: they are there at first')
  await until(() => log(place) === 0, 1_000)
  assert.equal(countFound(versions, filesOf(place.path)), 1, 'the one that is stored')
  await remove(place, 1)
  await until(() => log(place) === 0, 1_000)
  assert.equal(countFound(versions, filesOf(place.path)), 0)
  assert.deepEqual(place.told, [])
})

test('without changes nothing happens', async (t) => {
  const place = await openPlace(t)
  await until(() => log(place) === 0, 2_000)
  await place.store.transaction(TENANT, (tx) => tx.selectFrom('key_term').selectAll().execute())
  await remove(place, 1)
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout')
  assert.deepEqual(timers, [])
})

test('a reader that stays holds the scrub up and nobody else, and is waited for', async (t) => {
  const place = await openPlace(t)
  const bytes = [randomBytes(200), randomBytes(200)] as const
  await write(place, 1, bytes[0])
  await until(() => log(place) === 0, 1_000)
  const reader = new DatabaseSync(place.path, { readOnly: true })
  t.after(() => reader.close())
  reader.exec('begin; select * from key_term')
  await write(place, 1, bytes[1])
  const start = Date.now()
  while (Date.now() - start < 1_500) {
    await write(place, 2, randomBytes(50))
    await pause(5)
  }
  assert.equal(countFound([bytes[0]], filesOf(place.path)), 1, 'the control: the reader still sees it')
  reader.exec('commit')
  await until(() => log(place) === 0, 1_500)
  assert.equal(countFound([bytes[0]], filesOf(place.path)), 0)
  assert.equal(countFound([bytes[1]], filesOf(place.path)), 1)
})

test('the end of the store scrubs, also what a reader held up until then', async (t) => {
  const place = await openPlace(t)
  const bytes = randomBytes(200)
  await write(place, 1, bytes)
  await remove(place, 1)
  await place.store.close()
  assert.equal(countFound([bytes], filesOf(place.path)), 0)
})

test('what a process that died has left is scrubbed at the next start, before anything is written', async (t) => {
  const first = await openPlace(t, { scrub: false })
  const bytes = randomBytes(200)
  await write(first, 1, bytes)
  await remove(first, 1)
  assert.equal(countFound([bytes], filesOf(first.path)), 1, 'the control')
  const store = await openSqlite(first.path)
  t.after(() => store.close())
  await until(() => countFound([bytes], filesOf(first.path)) === 0, 2_000)
})

test('two processes that write to one file leave nothing, and the file whole', async (t) => {
  const place = await openPlace(t)
  const gone: Buffer[] = []
  const rows = new Map<number, Buffer>()
  const other = promisify(execFile)(process.execPath, [
    fileURLToPath(new URL('../support/scrub-process.ts', import.meta.url)),
    place.path,
  ])
  let isOver = false
  void other.finally(() => (isOver = true))
  while (!isOver) {
    const term = randomInt(300)
    const known = rows.get(term)
    if (known) gone.push(known)
    if (known && randomInt(2) === 0) {
      await remove(place, term)
      rows.delete(term)
    } else {
      const bytes = randomBytes(86 + 64 * randomInt(1, 9))
      await write(place, term, bytes)
      rows.set(term, bytes)
    }
    await pause(1)
  }
  const theirs = (JSON.parse((await other).stdout) as string[]).map((hex) => Buffer.from(hex, 'hex'))
  assert.ok(theirs.length > 50 && gone.length > 50, `${theirs.length} and ${gone.length}`)
  await write(place, 0, randomBytes(100))
  await until(() => log(place) === 0, 2_000)
  await pause(100)
  const needles = [...theirs, ...gone].map((bytes) => bytes.subarray(0, 32))
  assert.equal(countFound(needles, filesOf(place.path)), 0)
  const eye = new DatabaseSync(place.path, { readOnly: true })
  assert.equal(eye.prepare('pragma integrity_check').get()?.integrity_check, 'ok')
  assert.equal(
    eye.prepare('select count(*) as rows from key_term where term < 1000').get()?.rows,
    new Set([0, ...rows.keys()]).size,
  )
  eye.close()
})

test('a scrub that fails is told once, tried again, and told once when it goes well', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'hawser-test-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'a.db')
  const db = new DatabaseSync(path)
  t.after(() => db.close())
  db.exec('pragma journal_mode = wal; create table kept (bytes blob)')
  const told: unknown[][] = []
  let failures = 4
  const scrub = createScrub({
    path,
    db,
    inTurn: async (work) => {
      if ((failures -= 1) >= 0) throw new Error('the disk')
      return work()
    },
    tell: (...words) => told.push(words),
  })
  await until(() => failures < 0 && told.length === 2, 5_000)
  await scrub.end()
  assert.deepEqual(
    told.map(([what, error]) => [String(what).includes('again'), (error as Error | undefined)?.message]),
    [
      [true, 'the disk'],
      [true, undefined],
    ],
  )
  scrub.release()
})

test('a file with auto_vacuum is told of and left alone, and its log emptied all the same', async (t) => {
  const place = await openPlace(t)
  await place.store.close()
  const db = new DatabaseSync(place.path)
  db.exec('pragma auto_vacuum = full; vacuum')
  assert.equal(db.prepare('pragma auto_vacuum').get()?.auto_vacuum, 1)
  db.close()
  const pages = openPages(place.path)
  assert.equal(pages.canClear(), false)
  assert.deepEqual(await pages.search(), [])
  pages.close()
  const told: unknown[][] = []
  const store = await openSqlite(place.path, { tell: (...words) => told.push(words) })
  t.after(() => store.close())
  await write({ ...place, store }, 1, randomBytes(200))
  await until(() => log(place) === 0, 2_000)
  assert.equal(told.length, 1)
  assert.match(String(told[0]), /auto_vacuum/)
  assert.deepEqual(await store.residue(), {
    dialect: 'sqlite',
    logBytes: 0,
    secureDelete: true,
    clearsPages: false,
  })
})

test('a process that has written ends by itself', async (t) => {
  const place = await openPlace(t)
  await place.store.close()
  const script = fileURLToPath(new URL('../support/scrub-process.ts', import.meta.url))
  const start = Date.now()
  await promisify(execFile)(process.execPath, [script, place.path, 'leave'], { timeout: 10_000 })
  assert.ok(Date.now() - start < 8_000)
})
