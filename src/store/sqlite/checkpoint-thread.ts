import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import { VANISHED } from '../failure-reasons.ts'
import { StoreError } from '../errors.ts'
import { identifyFiles } from './same-files.ts'

/** Where the database lies, and which files the process has opened there, where somebody remembers them. */
export type CheckpointThread = { path: string; opened: string | undefined }

/** What the thread is told: to copy the log into the file, to empty it as well where nobody stands in the way, or to end. */
export type CheckpointOrder = 'copy' | 'empty' | 'end'

/** What came of it: whether the log is empty now, or the result code of SQLite that it failed with. */
export type CheckpointResult = { isEmpty: boolean } | { errcode: number }

const TRIES = 20
const BETWEEN_TRIES_MS = 5

const { path, opened } = workerData as CheckpointThread
// A file that is gone is not made anew.
const url = pathToFileURL(path)
url.searchParams.set('mode', 'rw')
const db = new DatabaseSync(url, { timeout: 0 })
// SQLite looks for the log by its name: with a file that came here since, it would copy the log into the wrong one and remove it.
if (opened !== undefined && identifyFiles(path) !== opened) throw new StoreError(VANISHED)
// What is copied has to be on the disk before the log is written from its beginning again.
db.exec('pragma synchronous = full; pragma wal_autocheckpoint = 0')
const copy = db.prepare('pragma wal_checkpoint(passive)')
const empty = db.prepare('pragma wal_checkpoint(truncate)')
const sleeper = new Int32Array(new SharedArrayBuffer(4))

function run(order: Exclude<CheckpointOrder, 'end'>): CheckpointResult {
  try {
    // Most of the work is done while others write; emptying the log then holds them up for what came meanwhile.
    copy.get()
    for (let tries = 0; order === 'empty' && tries < TRIES; tries += 1) {
      if (empty.get()?.busy === 0) return { isEmpty: true }
      // Without waiting inside SQLite, which would keep the write lock while a reader stays.
      Atomics.wait(sleeper, 0, 0, BETWEEN_TRIES_MS)
    }
    return { isEmpty: false }
  } catch (error) {
    return { errcode: (error as { errcode?: number }).errcode ?? 0 }
  }
}

parentPort?.on('message', (order: CheckpointOrder) => {
  if (order !== 'end') return parentPort?.postMessage(run(order))
  db.close()
  parentPort?.close()
})
