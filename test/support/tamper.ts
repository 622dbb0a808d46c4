import { DatabaseSync } from 'node:sqlite'
import { administer, type House } from './harness.ts'

/** Changes rows past the server, as somebody with the database in his hands does. */
export async function tamper({ env }: Pick<House, 'env'>, statement: string): Promise<void> {
  const url = env.HAWSER_DATABASE_URL ?? ''
  if (url.startsWith('postgres')) return void (await administer(url, statement))
  const db = new DatabaseSync(url.replace('sqlite:', ''))
  db.exec(statement)
  db.close()
}
