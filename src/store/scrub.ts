import type { DatabaseSync } from 'node:sqlite'
import type { Tell } from './db.ts'
import { BUSY, isSqlite } from './failures.ts'
import { openPages, readLog, sizeOf, type Log } from './residue.ts'

/** How soon after a commit; under load once in this time. */
const SOON_MS = 500
const AGAIN_MS = 50
const AGAIN_AT_MOST_MS = 1_000
/** For so long a reader may hold it up before anybody is told. */
const UNTOLD_MS = 10_000

export type Scrub = {
  /** Something may have been committed. */
  note(): void
  /** Whether what moved rows left on pages is overwritten, too. */
  clearsPages(): boolean
  /** Scrubs a last time, and no more; what holds it up then is left to the next process. */
  end(): Promise<void>
  /** Lets go of the file. Only when SQLite has: until then this would take its locks away. */
  release(): void
}

type Options = {
  path: string
  db: DatabaseSync
  /** Runs work on `db` while no transaction runs there. */
  inTurn: <T>(work: () => T) => Promise<T>
  tell: Tell
}

/**
 * Sees to it that what is no longer stored stands nowhere in the files of the database, within a second of each commit
 * or as soon as nobody reads any more what was before: the log is emptied, and what moved rows left on pages is overwritten.
 * While nothing is written nothing happens; it keeps no process alive, and what fails is told and tried again.
 */
export function createScrub({ path, db, inTurn, tell }: Options): Scrub {
  const log = `${path}-wal`
  const pages = openPages(path)
  const changes = db.prepare('select total_changes() as count')
  const checkpoint = db.prepare('pragma wal_checkpoint(truncate)')
  const countChanges = () => changes.get()?.count
  /** Where something may be left over. */
  const suspects = new Set<number>()
  /** Whether every page that was written since the whole file was searched is among them. */
  let isFollowed = false
  let known: Pick<Log, 'salt' | 'end'> | undefined
  let scrubbedAt = countChanges()
  // A process that has crashed leaves what it wrote in the log.
  let isDue = sizeOf(log) > 0
  let wait = AGAIN_MS
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let hasEnded = false
  const report = createReport(tell)
  if (!pages.canClear())
    tell('removed bytes can stay in the file of the database: it has auto_vacuum, or is over 137 GB')

  const follow = (): void => {
    const found = readLog(log, known)
    // A log that another process has emptied held pages that nobody here knows.
    const isNext = found
      ? !known || found.salt === known.salt || found.salt === (known.salt + 1) >>> 0
      : countChanges() === scrubbedAt
    isFollowed &&= isNext
    for (const page of found?.pages ?? []) suspects.add(page)
    if (found) known = { salt: found.salt, end: found.end }
  }

  const overwrite = (leftOver: readonly number[]): boolean => {
    db.exec('begin immediate')
    try {
      // Another process has written meanwhile.
      if (sizeOf(log) > 0) return false
      pages.clear(leftOver)
      return true
    } finally {
      // What is kept of them in memory would come back with the next change.
      db.exec('rollback; pragma shrink_memory')
    }
  }

  /** Whether nothing is left. */
  const wipe = (): boolean => {
    follow()
    if (checkpoint.get()?.busy !== 0) return false
    scrubbedAt = countChanges()
    const leftOver = pages.leftOver(suspects)
    if (leftOver.length > 0 && !overwrite(leftOver)) return false
    suspects.clear()
    return isFollowed
  }

  const scrub = async (): Promise<boolean> => {
    if (!isFollowed) {
      isFollowed = true
      for (const page of await pages.search()) suspects.add(page)
    }
    return inTurn(wipe)
  }

  const turn = async (): Promise<void> => {
    try {
      isDue = !(await scrub())
      report(isDue)
    } catch (error) {
      isDue = true
      isFollowed = false
      report(true, isSqlite(error, BUSY) ? undefined : error)
    }
    running = undefined
    wait = isDue ? Math.min(wait * 2, AGAIN_AT_MOST_MS) : AGAIN_MS
    schedule()
  }

  const schedule = (): void => {
    if (hasEnded || timer || running || !(isDue || countChanges() !== scrubbedAt)) return
    timer = setTimeout(
      () => {
        timer = undefined
        running = turn()
      },
      isDue && wait > AGAIN_MS ? wait : SOON_MS,
    ).unref()
  }

  schedule()
  return {
    note: schedule,
    clearsPages: () => pages.canClear(),
    end: async () => {
      hasEnded = true
      clearTimeout(timer)
      await running
      try {
        if (isDue || countChanges() !== scrubbedAt) await scrub()
      } catch {
        // There is nobody left to be told.
      }
    },
    release: () => pages.close(),
  }
}

/** Tells that removed bytes stay in the files, once: at a failure, or when readers hold the scrub up for long; and when it is over. */
function createReport(tell: Tell): (isDue: boolean, error?: unknown) => void {
  let since: number | undefined
  let isTold = false
  return (isDue, error) => {
    since = isDue ? (since ?? Date.now()) : undefined
    const isTrouble = since !== undefined && (error !== undefined || Date.now() - since > UNTOLD_MS)
    if (isTrouble && !isTold)
      tell(
        'what was removed from the database is still in its files: they could not be scrubbed, and it is tried again',
        error,
      )
    if (!isDue && isTold) tell('the files of the database are scrubbed again')
    isTold = isDue && (isTold || isTrouble)
  }
}
