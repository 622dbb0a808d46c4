import { statSync } from 'node:fs'
import type { Tell } from '../db.ts'
import { unavailable } from '../errors.ts'
import { VANISHED } from '../failure-reasons.ts'

/** For so long a read believes what was found last. */
const BELIEVED_MS = 250

export type SameFiles = {
  /** Which files were opened, as `identifyFiles` told. */
  opened: string
  /** Whether the files that were opened are the ones at their paths. */
  areThere(): boolean
  /** Throws a refusal (503) when the files that were opened are no longer the ones at their paths. */
  require(): void
  /** Does so too, but looks four times a second at most. */
  requireLately(): void
}

/**
 * Remembers which files SQLite has opened: the database, its log and its shared memory.
 * SQLite goes on writing to files that were removed or replaced, and what it acknowledges then is lost.
 */
export function rememberFiles(path: string, tell: Tell): SameFiles {
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

/** Tells a database, its log and its shared memory from any others that could be at their paths. */
export const identifyFiles = (path: string): string => pathsOf(path).map(identify).join(' ')

/** Device and inode of a file; a number is not given to another file while one has this one open. */
function identify(path: string): string {
  try {
    const { dev, ino } = statSync(path, { bigint: true })
    return `${dev}:${ino}`
  } catch (error) {
    return `${(error as NodeJS.ErrnoException).code}`
  }
}
