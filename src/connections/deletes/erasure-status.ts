import type { Context } from '../../context.ts'
import type { DatabaseFiles } from '../../store/db.ts'
import { countErasures } from '../../store/tables/connections/due-erasures.ts'

/** A server that works erases everything at most this many milliseconds after its time has come. */
export const PATIENCE_MS = 10 * 60_000

export type ErasureStatus = {
  kinds: Awaited<ReturnType<typeof countErasures>>
  /** `isLate` is true where something should have been erased for longer than a working server takes. */
  isLate: boolean
  files: DatabaseFiles
}

/** Returns how much of the whole installation is kept until its time has come, and what the database files do with the bytes of removed rows. */
export async function getErasureStatus({ store, clock }: Context): Promise<ErasureStatus> {
  const now = clock().getTime()
  const countAt = (ms: number) =>
    store.cross({ path: 'erase' }, (db) => countErasures(db, new Date(ms).toISOString()))
  const late = await countAt(now - PATIENCE_MS)
  return {
    kinds: await countAt(now),
    isLate: late.deleted.overdue + late.previous.overdue > 0,
    files: await store.describeFiles(),
  }
}
