import type { DatabaseSync } from 'node:sqlite'
import type { Tell } from './db.ts'
import { BUSY, isSqlite } from './failures.ts'
import { openPages, readLog, sizeOf, type Log, type Pages } from './residue.ts'

/** How soon after a commit; under load once in this time. */
const SOON_MS = 500
const AGAIN_MS = 20
const AGAIN_AT_MOST_MS = 250
/** For so long a reader may hold it up before anybody is told. */
const UNTOLD_MS = 10_000
/** Searching the whole file takes at most one part in so many of the time. */
const SEARCH_SHARE = 20
/** How soon after somebody else has emptied the log: who does looks after its pages, unless he dies or knows nothing of this. */
const SEARCH_AFTER_OTHERS_MS = 10 * 60_000

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
  db: Pick<DatabaseSync, 'prepare' | 'exec'>
  /** Runs work on `db` while no transaction runs there. */
  inTurn: <T>(work: () => T) => Promise<T>
  tell: Tell
  pages?: Pages
}

/**
 * Sees to it that what is no longer stored stands nowhere in the files of the database, within a second of each commit
 * or as soon as nobody reads any more what was before: the log is emptied, and what moved rows left on pages is overwritten.
 * Who empties the log looks after the pages in it; the whole file is searched at the start, and where some may have been missed.
 * It keeps no process alive, and what fails is told and tried again.
 */
export function createScrub({ path, db, inTurn, tell, pages = openPages(path) }: Options): Scrub {
  const log = `${path}-wal`
  const changes = db.prepare('select total_changes() as count')
  const othersVersion = db.prepare('pragma data_version')
  const checkpoint = db.prepare('pragma wal_checkpoint(truncate)')
  const countChanges = () => changes.get()?.count
  const search = newSearch()
  /** Where something may be left over. */
  const suspects = new Set<number>()
  /** The log as far as it was read. */
  let known: Pick<Log, 'salt' | 'end'> | undefined
  /** The salt of a log that nobody else has emptied. */
  let expected: number | undefined
  let scrubbedAt = countChanges()
  // A process that has crashed leaves what it wrote in the log.
  let isDue = sizeOf(log) > 0
  let wait = AGAIN_MS
  let timer: NodeJS.Timeout | undefined
  let timerAt = Infinity
  let running: Promise<void> | undefined
  let hasEnded = false
  const report = createReport(tell)
  if (!pages.canClear())
    tell('removed bytes can stay in the file of the database: it has auto_vacuum, or is over 137 GB')

  const follow = (): void => {
    const found = readLog(log, known)
    if (!found) return
    if (expected !== undefined && found.salt !== expected) search.plan('others')
    for (const page of found.pages) suspects.add(page)
    known = { salt: found.salt, end: found.end }
    expected = found.salt
  }

  /** Whether the log is empty now, and the pages that were in it among the suspects. */
  const empty = (): boolean => {
    follow()
    const version = othersVersion.get()?.data_version
    follow()
    const isEmptied = checkpoint.get()?.busy === 0
    // What another process has committed just now may have gone along unread.
    if (othersVersion.get()?.data_version !== version) search.plan('now')
    if (!isEmptied) return false
    // Each emptying counts the salt up, also of a log that was empty.
    if (expected !== undefined) expected = (expected + 1) >>> 0
    known = undefined
    scrubbedAt = countChanges()
    return true
  }

  /** Whether what was left over on the suspects is; others can write again as soon as they may, and then it has to wait. */
  const overwrite = (): boolean => {
    let cleared = 0
    db.exec('begin immediate')
    try {
      // Another process has written meanwhile.
      if (sizeOf(log) > 0) return false
      cleared = pages.clear(suspects)
      suspects.clear()
      return true
    } finally {
      // What is kept of them in memory would come back with the next change.
      db.exec(cleared > 0 ? 'rollback; pragma shrink_memory' : 'rollback')
    }
  }

  /** Whether nothing is left, as far as this process has to look after it. */
  const wipe = (): boolean => empty() && (suspects.size === 0 || overwrite())

  const turn = async (): Promise<void> => {
    try {
      isDue = !(await inTurn(wipe))
      if (search.isDue()) {
        for (const page of await search.run(() => pages.search())) suspects.add(page)
        if (suspects.size > 0) isDue = !(await inTurn(wipe))
      }
      report(isDue)
    } catch (error) {
      isDue = true
      // Another process that writes is no failure, and nothing was missed.
      const failure = isSqlite(error, BUSY) ? undefined : error
      if (failure !== undefined) search.plan('now')
      report(true, failure)
    }
    running = undefined
    wait = isDue ? Math.min(wait * 2, AGAIN_AT_MOST_MS) : AGAIN_MS
    schedule()
  }

  const schedule = (): void => {
    if (hasEnded || running) return
    const soon = isDue && wait > AGAIN_MS ? wait : SOON_MS
    const ms = isDue || countChanges() !== scrubbedAt ? soon : search.in()
    if (ms === undefined) return
    const at = performance.now() + ms
    if (timer && at >= timerAt) return
    // What is due soon does not wait for a search that is due later.
    clearTimeout(timer)
    timerAt = at
    timer = setTimeout(() => {
      timer = undefined
      running = turn()
    }, ms).unref()
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
        if (isDue || countChanges() !== scrubbedAt) await inTurn(wipe)
      } catch {
        // There is nobody left to be told.
      }
    },
    release: () => pages.close(),
  }
}

/** When to search the whole file: at the start, as soon as pages may have been missed, and some time after others have emptied the log. */
function newSearch() {
  let why: 'now' | 'others' | undefined = 'now'
  let endedAt = -Infinity
  let rest = 0
  const dueAt = () => endedAt + (why === 'others' ? Math.max(rest, SEARCH_AFTER_OTHERS_MS) : rest)
  return {
    plan: (because: 'now' | 'others') => {
      if (why !== 'now') why = because
    },
    isDue: () => why !== undefined && performance.now() >= dueAt(),
    /** In how many milliseconds; never where none is planned. */
    in: () => (why === undefined ? undefined : Math.max(SOON_MS, dueAt() - performance.now())),
    run: async <T>(work: () => Promise<T>): Promise<T> => {
      const start = performance.now()
      why = undefined
      try {
        return await work()
      } finally {
        endedAt = performance.now()
        rest = (endedAt - start) * SEARCH_SHARE
      }
    },
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
