import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import { VANISHED } from '../database-failures.ts'
import { StoreError } from '../errors.ts'
import { identifyFiles } from './same-files.ts'

/** The thread is started with the path of the database and, where known, with the identity of the files that the process has opened. */
export type CheckpointThread = { path: string; opened: string | undefined }

/** A checkpoint order tells the thread what to do: `copy` copies the log into the file, `empty` also empties the log where no reader prevents it, and `end` ends the thread. */
export type CheckpointOrder = 'copy' | 'empty' | 'end'

/** A checkpoint result says whether the log is empty now, or carries SQLite's result code of the failure. */
export type CheckpointResult = { isEmpty: boolean } | { errcode: number }

const TRIES = 20
const BETWEEN_TRIES_MS = 5

const { path, opened } = workerData as CheckpointThread
// With this mode SQLite does not create a file that is gone.
const url = pathToFileURL(path)
url.searchParams.set('mode', 'rw')
const db = new DatabaseSync(url, { timeout: 0 })
// SQLite finds the log by its name. If the database file was replaced meanwhile, SQLite would copy the log into the wrong file and remove the log.
if (opened !== undefined && identifyFiles(path) !== opened) throw new StoreError(VANISHED)
// The copied pages have to be on the disk before SQLite overwrites the log from its beginning.
db.exec('pragma synchronous = full; pragma wal_autocheckpoint = 0')
const copy = db.prepare('pragma wal_checkpoint(passive)')
const empty = db.prepare('pragma wal_checkpoint(truncate)')
const sleeper = new Int32Array(new SharedArrayBuffer(4))

function run(order: Exclude<CheckpointOrder, 'end'>): CheckpointResult {
  try {
    // This copies most of the log while others write, so that emptying the log blocks them only for the rest.
    copy.get()
    for (let tries = 0; order === 'empty' && tries < TRIES; tries += 1) {
      if (empty.get()?.busy === 0) return { isEmpty: true }
      // The thread waits here and not inside SQLite, which would keep the write lock for as long as a reader is active.
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
