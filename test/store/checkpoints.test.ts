import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { createCheckpoints, sizeOf } from '../../src/store/sqlite/checkpoints.ts'
import { rememberFiles } from '../../src/store/sqlite/same-files.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'

const MIB = 2 ** 20

function openPlace(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'hawser-test-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'a.db')
  const open = () => {
    const db = new DatabaseSync(path)
    t.after(() => db.close())
    db.exec('pragma journal_mode = wal; pragma synchronous = off; pragma wal_autocheckpoint = 0')
    return db
  }
  const db = open()
  db.exec('create table kept (id integer primary key, bytes blob)')
  const insert = db.prepare('insert into kept (bytes) values (zeroblob(?))')
  const log = () => sizeOf(`${path}-wal`)
  const told: unknown[][] = []
  const begin = (soonMs = 20) => {
    const checkpoints = createCheckpoints(path, (...words) => told.push(words), { soonMs })
    t.after(() => checkpoints.end())
    return checkpoints
  }
  return { path, open, db, write: (bytes: number) => insert.run(bytes), log, told, begin }
}

async function until(holds: () => boolean, ms: number): Promise<void> {
  const start = Date.now()
  while (!holds()) {
    assert.ok(Date.now() - start < ms, `not within ${ms} ms`)
    await pause(5)
  }
}

test('checkpoints: copying a long log holds nobody up', async (t) => {
  const place = openPlace(t)
  for (let written = 0; written < 96; written += 1) place.write(MIB)
  assert.ok(place.log() > 96 * MIB)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  place.begin()
  await until(() => place.log() === 0, 20_000)
  delay.disable()
  const control = openPlace(t)
  for (let written = 0; written < 96; written += 1) control.write(MIB)
  const start = performance.now()
  control.db.exec('pragma wal_checkpoint(truncate)')
  const held = performance.now() - start
  const longest = delay.max / 1e6
  t.diagnostic(`longest wait ${longest.toFixed(1)} ms; on the thread of the requests ${held.toFixed(1)} ms`)
  assert.ok(longest < Math.max(20, held / 3), `${longest} ms`)
})

test('checkpoints: the log stays short while one process writes without a pause', async (t) => {
  const place = openPlace(t)
  const checkpoints = place.begin()
  let longest = 0
  let written = 0
  for (const end = Date.now() + 3_000; Date.now() < end; written += 1) {
    try {
      place.db.exec('begin immediate')
    } catch {
      await pause(1)
      continue
    }
    for (let row = 0; row < 10; row += 1) place.write(4_096)
    place.db.exec('commit')
    checkpoints.note()
    longest = Math.max(longest, place.log())
    await pause(0)
  }
  t.diagnostic(`${written} transactions of 40 KiB, longest log ${(longest / MIB).toFixed(1)} MiB`)
  assert.ok(longest < 48 * MIB)
  await until(() => place.log() === 0, 5_000)
  assert.deepEqual(place.told, [])
})

test('checkpoints: a reader that stays keeps the log and holds no writer up, and the log is emptied after it', async (t) => {
  const place = openPlace(t)
  place.write(100)
  const reader = place.open()
  reader.exec('begin; select * from kept')
  const checkpoints = place.begin()
  for (let turn = 0; turn < 30; turn += 1) {
    place.write(100)
    checkpoints.note()
    await pause(20)
  }
  assert.ok(place.log() > 0, 'the control: the reader still needs it')
  reader.exec('commit')
  await until(() => place.log() === 0, 15_000)
  assert.deepEqual(place.told, [])
})

test('checkpoints: what fails is told once, tried again, and told once when it goes well', async (t) => {
  const place = openPlace(t)
  place.write(100)
  const other = join(place.path, 'not', 'there')
  const told: unknown[][] = []
  const failing = createCheckpoints(other, (...words) => told.push(words), { soonMs: 10 })
  t.after(() => failing.end())
  failing.note()
  await until(() => told.length === 1, 10_000)
  assert.match(String(told[0]?.[0]), /could not be copied/)
  await failing.end()
  assert.equal(told.length, 1)
})

test('checkpoints: a file that came in the place of the opened one is not touched, and the log stays', async (t) => {
  const place = openPlace(t)
  place.write(MIB)
  const { opened } = rememberFiles(place.path, () => {})
  const log = readFileSync(`${place.path}-wal`)
  renameSync(place.path, `${place.path}.kept`)
  writeFileSync(place.path, '')
  const told: unknown[][] = []
  // Here the file is replaced after the process has looked at it and before the thread opens it.
  const files = { areThere: () => true, opened }
  const checkpoints = createCheckpoints(place.path, (...words) => told.push(words), { soonMs: 10, files })
  t.after(() => checkpoints.end())
  await until(() => told.length === 1, 10_000)
  assert.match(String(told[0]?.[0]), /could not be copied/)
  assert.deepEqual(
    [readFileSync(place.path).length, readFileSync(`${place.path}-wal`).equals(log)],
    [0, true],
  )
  renameSync(`${place.path}.kept`, place.path)
  // The thread says what it has done a moment after the log is empty.
  await until(() => place.log() === 0 && told.length === 2, 15_000)
  assert.match(String(told[1]?.[0]), /is copied into its file again/)
  await checkpoints.end()
  assert.equal(place.db.prepare('select count(*) as rows from kept').get()?.rows, 1)
})

test('checkpoints: a log that a process that died has left is copied and emptied by itself', async (t) => {
  const place = openPlace(t)
  const script = `const { openSqlite } = await import(${JSON.stringify(new URL('../../src/store/sqlite/open.ts', import.meta.url).href)})
    await openSqlite(${JSON.stringify(join(place.path, '..', 'b.db'))})
    process.kill(process.pid, 'SIGKILL')`
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]).catch(() => {})
  const path = join(place.path, '..', 'b.db')
  assert.ok(sizeOf(`${path}-wal`) > 0, 'the control')
  const store = await openSqlite(path)
  t.after(() => store.close())
  await until(() => sizeOf(`${path}-wal`) === 0, 5_000)
})

test('checkpoints: a process that has written and does not close ends by itself', async (t) => {
  const place = openPlace(t)
  const script = `const { createCheckpoints } = await import(${JSON.stringify(pathToFileURL('src/store/sqlite/checkpoints.ts').href)})
    createCheckpoints(${JSON.stringify(place.path)}, () => {}, { soonMs: 10 }).note()
    await new Promise((resolve) => setTimeout(resolve, 3_000))`
  place.write(100)
  const start = Date.now()
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { timeout: 10_000 })
  assert.ok(Date.now() - start < 9_000)
  assert.equal(place.log(), 0, 'the control: the thread was at work')
})
