import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { openPages, sizeOf } from '../../src/store/residue.ts'
import { createScrub } from '../../src/store/scrub.ts'

type Db = Pick<DatabaseSync, 'prepare' | 'exec'>

function openPlace(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'hawser-test-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'a.db')
  const open = () => {
    const db = new DatabaseSync(path)
    t.after(() => db.close())
    db.exec('pragma journal_mode = wal; pragma secure_delete = on; pragma wal_autocheckpoint = 0')
    return db
  }
  const first = open()
  first.exec('create table kept (id integer primary key, bytes blob)')
  const told: unknown[][] = []
  /** A scrub as another process would have it, and how often it has searched the file. */
  const scrubOf = (db: Db) => {
    const pages = openPages(path)
    const seen = { searches: 0 }
    const search = () => {
      seen.searches += 1
      return pages.search()
    }
    const inTurn = async <T>(work: () => T) => work()
    const tell = (...words: unknown[]) => told.push(words)
    const scrub = createScrub({ path, db, inTurn, tell, pages: { ...pages, search } })
    t.after(async () => {
      await scrub.end()
      scrub.release()
    })
    return { ...scrub, seen }
  }
  const leftOver = async () => {
    const pages = openPages(path)
    try {
      return (await pages.search()).length
    } finally {
      pages.close()
    }
  }
  const untilClean = async () => {
    for (let looks = 0; looks < 100 && (sizeOf(`${path}-wal`) > 0 || (await leftOver()) > 0); looks += 1)
      await pause(50)
    assert.deepEqual([sizeOf(`${path}-wal`), await leftOver()], [0, 0])
  }
  return { path, open, first, told, scrubOf, leftOver, untilClean }
}

/** Inserts and deletes so much in one transaction that rows move between pages. */
function churn(db: Db): void {
  const ids = new Set<number>()
  const [insert, remove] = [
    db.prepare('insert into kept values (?, ?)'),
    db.prepare('delete from kept where id = ?'),
  ]
  db.exec('begin immediate; delete from kept')
  for (let turn = 0; turn < 3_000; turn += 1) {
    const id = randomInt(300)
    if (ids.delete(id)) remove.run(id)
    else {
      ids.add(id)
      insert.run(id, randomBytes(86 + 64 * randomInt(1, 9)))
    }
  }
  db.exec('commit')
}

const emptied = (db: Db) => assert.equal(db.prepare('pragma wal_checkpoint(truncate)').get()?.busy, 0)

test('what an earlier process left on pages is overwritten, though the log is empty and nobody writes', async (t) => {
  const place = openPlace(t)
  churn(place.first)
  emptied(place.first)
  assert.ok((await place.leftOver()) > 0, 'the control: an empty log alone leaves some')
  place.scrubOf(place.open())
  await place.untilClean()
  assert.deepEqual(place.told, [])
})

test('what another process commits between the reading of the log and its emptying is not missed', async (t) => {
  const place = openPlace(t)
  const [own, other] = [place.first, place.open()]
  let isReady = false
  // From the outside: the other process commits while this one is about to empty the log.
  const watched: Db = {
    exec: (sql) => own.exec(sql),
    prepare: (sql) => {
      const statement = own.prepare(sql)
      if (!sql.includes('checkpoint')) return statement
      const get = () => {
        if (isReady) churn(other)
        isReady = false
        return statement.get()
      }
      return { get } as typeof statement
    },
  }
  const scrub = place.scrubOf(watched)
  while (scrub.seen.searches === 0) await pause(20)
  await pause(500)
  isReady = true
  own.exec('insert into kept values (1000, null)')
  scrub.note()
  while (isReady) await pause(20)
  await place.untilClean()
  assert.equal(scrub.seen.searches, 2)
  assert.equal(own.prepare('pragma integrity_check').get()?.integrity_check, 'ok')
  assert.deepEqual(place.told, [])
})

test('two processes that write in turn search the file once each, and leave nothing', async (t) => {
  const place = openPlace(t)
  const sides = [place.first, place.open()].map((db) => ({ db, scrub: place.scrubOf(db) }))
  for (let turn = 0; turn < 20; turn += 1) {
    const { db, scrub } = sides[turn % 2] ?? assert.fail()
    churn(db)
    scrub.note()
    await pause(100 + randomInt(300))
  }
  await place.untilClean()
  const searches = sides.map(({ scrub }) => scrub.seen.searches)
  assert.deepEqual(searches, [1, 1])
  assert.deepEqual(place.told, [])
})
