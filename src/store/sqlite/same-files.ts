import { statSync } from 'node:fs'
import type { ReportTrouble } from '../db.ts'
import { unavailable } from '../errors.ts'
import { VANISHED } from '../database-failures.ts'

/** For `BELIEVED_MS` after a look at the files, a read does not look at them again. */
const BELIEVED_MS = 250

/** `SameFiles` checks that the files which SQLite opened are still the files at their paths. */
export type SameFiles = {
  /** `opened` is the result of `identifyFiles` for the files that were opened. */
  opened: string
  /** Says whether the files that were opened are still the files at their paths. */
  areThere(): boolean
  /** Refuses with 503 where the files that were opened are no longer the files at their paths. */
  require(): void
  /** Refuses with 503 in the same case as `require`, but looks at the files at most four times a second. */
  requireLately(): void
}

/**
 * Remembers which files SQLite has opened: the database, its log and its shared memory.
 * SQLite would continue to write to files that were removed or replaced, and its acknowledged writes would be lost.
 */
export function rememberFiles(path: string, tell: ReportTrouble): SameFiles {
  const opened = identifyFiles(path)
  let lookedAt = 0
  let isTold = false

  const findGone = () => {
    const before = opened.split(' ')
    return pathsOf(path).find((one, at) => identify(one) !== before[at])
  }

  const require = (): void => {
    lookedAt = performance.now()
    const gone = findGone()
    if (gone === undefined) {
      if (isTold) tell('the files of the database are back')
      isTold = false
      return
    }
    if (!isTold)
      tell(
        `${gone} is not the file any more that was opened: it was removed or replaced. Nothing is written or read until it is back or the server is started anew`,
      )
    isTold = true
    unavailable(VANISHED)
  }

  return {
    opened,
    areThere: () => findGone() === undefined,
    require,
    requireLately: () => {
      if (isTold || performance.now() - lookedAt > BELIEVED_MS) require()
    },
  }
}

const pathsOf = (path: string) => [path, `${path}-wal`, `${path}-shm`]

/** Returns a text that identifies a database, its log and its shared memory; any other files at the same paths give another text. */
export const identifyFiles = (path: string): string => pathsOf(path).map(identify).join(' ')

/** Returns the device and the inode of a file, or the error's code; no other file gets the same inode while the process has the file open. */
function identify(path: string): string {
  try {
    const { dev, ino } = statSync(path, { bigint: true })
    return `${dev}:${ino}`
  } catch (error) {
    return `${(error as NodeJS.ErrnoException).code}`
  }
}
