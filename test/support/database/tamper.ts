import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { runAsOwner } from './databases.ts'
import type { TestServer } from '../server/test-server.ts'

const BUSY = 5
const TRIES = 500

/** Changes rows directly in the database, without the server; waits while the server itself is writing. */
export async function tamper({ env }: Pick<TestServer, 'env'>, statement: string): Promise<void> {
  const url = env.HAWSER_DATABASE_URL ?? ''
  if (url.startsWith('postgres')) {
    await runAsOwner(url, statement)
    return
  }
  const db = new DatabaseSync(url.replace('sqlite:', ''), { timeout: 0 })
  try {
    for (let tries = 1; !execute(db, statement, { mayWait: tries < TRIES }); tries += 1) await pause(10)
  } finally {
    db.close()
  }
}

/** Carries out a statement and returns `true`; with `mayWait`, returns `false` where another connection holds the lock. */
function execute(db: DatabaseSync, statement: string, { mayWait }: { mayWait: boolean }): boolean {
  try {
    db.exec(statement)
    return true
  } catch (error) {
    if (mayWait && (error as { errcode?: number }).errcode === BUSY) return false
    throw error
  }
}
