import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { runAsOwner } from './databases.ts'
import type { TestServer } from '../server/test-server.ts'

const BUSY = 5
const TRIES = 500

/** Changes rows past the server, as somebody with the database in his hands does; waits while the server itself is writing. */
export async function tamper({ env }: Pick<TestServer, 'env'>, statement: string): Promise<void> {
  const url = env.HAWSER_DATABASE_URL ?? ''
  if (url.startsWith('postgres')) return void (await runAsOwner(url, statement))
  const db = new DatabaseSync(url.replace('sqlite:', ''), { timeout: 0 })
  try {
    for (let tries = 1; !execute(db, statement, tries < TRIES); tries += 1) await pause(10)
  } finally {
    db.close()
  }
}

/** Says whether the statement was carried out; `false` means that another holds the lock and may be waited for. */
function execute(db: DatabaseSync, statement: string, mayWait: boolean): boolean {
  try {
    db.exec(statement)
    return true
  } catch (error) {
    if (mayWait && (error as { errcode?: number }).errcode === BUSY) return false
    throw error
  }
}
