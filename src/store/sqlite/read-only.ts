import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'

/** Opens a SQLite file for reading and changes no file beside it: a write-ahead log that a crash left behind is read and not changed. `timeout` is in milliseconds. */
export function openReadOnly(path: string, timeout: number): DatabaseSync {
  const url = pathToFileURL(path)
  if (existsSync(`${path}-wal`)) url.searchParams.set('mode', 'ro')
  else url.searchParams.set('immutable', '1')
  return new DatabaseSync(url, { readOnly: true, timeout })
}
