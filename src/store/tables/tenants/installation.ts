import type { Db, Tx } from '../../db.ts'
import type { KeyTerm } from '../../schema/tables.ts'

/** Finds the id of the installation, which every envelope of this database is bound to; returns `undefined` before the database is set up. */
async function findInstallation(db: Db): Promise<string | undefined> {
  return (await db.selectFrom('installation').select('id').executeTakeFirst())?.id
}

/** Sets the database up with its first data key; returns `false` where another process has done so first. */
export async function insertInstallation(tx: Tx, id: string, at: string, term: NewTerm): Promise<boolean> {
  if (await findInstallation(tx)) return false
  const inserted = await tx
    .insertInto('key_term')
    .values({ ...term, created_at: at, activated_at: at, retired_at: null })
    .onConflict((conflict) => conflict.doNothing())
    .returning('term')
    .execute()
  if (inserted.length === 0) return false
  await tx.insertInto('installation').values({ id, created_at: at }).execute()
  return true
}

type NewTerm = Pick<KeyTerm, 'term' | 'state' | 'kek_id' | 'provider' | 'wrapped' | 'kcv'>

/** Throws where the database does not answer or is not set up. */
export async function checkInstallation(db: Db): Promise<void> {
  await db.selectFrom('installation').select('id').executeTakeFirstOrThrow()
}
