import { existsSync, readFileSync } from 'node:fs'
import { runAsOwner } from './databases.ts'
import type { TestServer } from '../server/test-server.ts'

/** Reads everything that a database keeps as one text: the files of SQLite, or every row of PostgreSQL. */
export async function storedText(server: TestServer): Promise<string> {
  const url = server.env.HAWSER_DATABASE_URL ?? ''
  if (server.database === 'sqlite') {
    const file = url.replace('sqlite:', '')
    const files = [file, `${file}-wal`, `${file}-shm`].filter((path) => existsSync(path))
    return files.map((path) => readFileSync(path).toString('latin1')).join('')
  }
  const tables = await runAsOwner(url, `select tablename from pg_tables where schemaname = 'public'`)
  const rows = await Promise.all(tables.map(({ tablename }) => runAsOwner(url, `select * from ${tablename}`)))
  const text = (value: unknown) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value))
  return rows
    .flat()
    .flatMap((row) => Object.values(row as object).map(text))
    .join('\n')
}
