import { statSync } from 'node:fs'
import { StartRefused } from '../../errors.ts'
import { reasonOf } from '../database-failures.ts'
import { isSqliteUnavailable, withoutDriverErrors } from '../errors.ts'

const FILE_ERROR = /^E(ACCES|PERM|ROFS|ISDIR|NOTDIR|NOENT|NOSPC|DQUOT|IO|LOOP|NAMETOOLONG|EXIST|MFILE|NFILE)$/

/** `REMEDIES` says for each code what the operator can do; the first matching pattern counts. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/^(EISDIR|no file)$/, 'name a file in HAWSER_DATABASE_URL, as sqlite:<directory>/hawser.db'],
  [
    /^E(ACCES|PERM)$|^SQLite (3|14|23)$/,
    'let the user that runs Hawser read and write the file and its directory',
  ],
  [
    /^EROFS$|^SQLite 8$/,
    'put it on a file system, and in a directory, that the user that runs Hawser may write to',
  ],
  [/^E(NOTDIR|NOENT|LOOP|NAMETOOLONG|EXIST)$/, 'correct the path in HAWSER_DATABASE_URL'],
  [/^(ENOSPC|EDQUOT|SQLite 13)$/, 'make room there'],
  [/^E[MN]FILE$/, 'raise the limit of open files'],
  [/^SQLite [56]$/, 'end the program that holds it, or try again'],
  [/^SQLite 7$/, 'give the process more memory'],
  [/^SQLite 11$/, 'keep the file with its -wal and -shm, and restore the last good backup'],
  [/^SQLite 26$/, 'name another file in HAWSER_DATABASE_URL, or restore this one from a backup'],
  [/^(EIO|SQLite 10)$/, 'look for a failing disk, and restore a backup where the file is damaged'],
]

/** Runs `work`, which opens the file at `path`, and throws a `StartRefused` with the path, the reason and a remedy where the file cannot be used. */
export async function refuseUnusable<T>(path: string, work: () => Promise<T>): Promise<T> {
  return withoutDriverErrors(async () => {
    requireFile(path)
    try {
      return await work()
    } catch (error) {
      // Where the schema could not be brought up to date, the cause of the refusal says more than the refusal.
      const first = error instanceof StartRefused ? error.cause : error
      const { code = '', errcode = 0 } = (first ?? {}) as NodeJS.ErrnoException & { errcode?: number }
      const isFile = FILE_ERROR.test(code)
      if (!isFile && !isSqliteUnavailable(first)) throw error
      const answered = isFile ? code : `SQLite ${errcode}`
      throw refusal(path, answered, isFile ? code : `SQLite ${errcode % 256}`)
    }
  })
}

/** Throws `StartRefused` for a directory or a device, for which SQLite would only report an I/O error. */
function requireFile(path: string): void {
  const found = statIfThere(path)
  if (found?.isDirectory()) throw refusal(path, 'EISDIR', 'EISDIR')
  if (found && !found.isFile()) throw refusal(path, 'no file', 'no file')
}

function statIfThere(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    // Opening the file fails too and reports the reason.
    return undefined
  }
}

function refusal(path: string, answered: string, kind: string): StartRefused {
  const reason = answered === 'no file' ? 'it is a device, a pipe or a socket' : reasonOf(answered)
  const [, remedy] = REMEDIES.find(([pattern]) => pattern.test(kind)) ?? []
  return new StartRefused(
    `The database file ${path} cannot be used (${answered}${reason ? `: ${reason}` : ''})${remedy ? `: ${remedy}` : ''}.`,
  )
}
