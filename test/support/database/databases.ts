import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

export type DatabaseName = 'sqlite' | 'postgres'

/** These are the databases of this run; PostgreSQL is one of them when the runner has started a server. */
export const databases: DatabaseName[] = [
  'sqlite',
  ...(process.env.HAWSER_TEST_POSTGRES_URL ? (['postgres'] as const) : []),
]

/** Makes an empty database, and answers its URL and how to remove it. */
export async function newDatabase(
  database: DatabaseName,
): Promise<{ url: string; remove: () => Promise<void> }> {
  if (database === 'sqlite') {
    const directory = mkdtempSync(join(tmpdir(), 'hawser-test-'))
    return {
      url: `sqlite:${join(directory, 'hawser.db')}`,
      remove: async () => rmSync(directory, { recursive: true, force: true }),
    }
  }
  const server = process.env.HAWSER_TEST_POSTGRES_URL ?? ''
  const name = `test_${randomBytes(8).toString('hex')}`
  await runAsOwner(server, `create database ${name}`)
  return {
    url: server.replace(/\/postgres$/, `/${name}`),
    remove: async () => void (await runAsOwner(server, `drop database if exists ${name} with (force)`)),
  }
}

/** Runs one statement as the owner of the server. */
export async function runAsOwner(url: string, statement: string, values: unknown[] = []): Promise<any[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(statement, values)).rows
  } finally {
    await client.end()
  }
}
