import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'

/** Opens a file for reading, and changes nothing beside it: a write-ahead log that a crash has left is read, and left as it is. */
export function openReadOnly(path: string, timeout: number): DatabaseSync {
  const url = pathToFileURL(path)
  if (existsSync(`${path}-wal`)) url.searchParams.set('mode', 'ro')
  else url.searchParams.set('immutable', '1')
  return new DatabaseSync(url, { readOnly: true, timeout })
}
