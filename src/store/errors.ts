import { ApiError, fail, StartRefused } from '../errors.ts'
import { reasonOf } from './database-failures.ts'

/** A `StoreError` is a database error without the driver's text, which may quote stored values; it keeps the driver's code, the meaning of the code, and the name of the constraint. */
export class StoreError extends Error {
  readonly code: string
  readonly constraint: string | undefined

  constructor(code: string, { constraint }: { constraint?: string | undefined } = {}) {
    const reason = reasonOf(code)
    super(
      `The database answered ${code}${constraint ? ` on ${constraint}` : ''}${reason ? `: ${reason}` : ''}.`,
    )
    this.name = 'StoreError'
    this.code = code
    this.constraint = constraint
  }
}

// These are SQLITE_CONSTRAINT_UNIQUE and the SQLSTATE unique_violation.
const UNIQUE = new Set(['SQLite 2067', '23505'])

/** Says whether the error means that a unique index refused the write. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof StoreError && UNIQUE.has(error.code)
}

type DriverError = Error & { code?: string; errcode?: number; constraint?: string; syscall?: string }

// These primary result codes of SQLite mean, in order: no permission, busy, locked, no memory, read-only, interrupted, I/O error, corrupt, full, cannot open, locks in disorder, file too large, not a database.
const SQLITE_UNAVAILABLE = new Set([3, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 22, 26])
// These SQLSTATE classes and codes of PostgreSQL mean, in order: connection, login, no such database, read-only, ended by a time limit, conflicts that repeat, resources, lock limit, operator intervention, statement limit, system error, damaged data.
const POSTGRES_UNAVAILABLE = /^(08|28|3D000|25006|25P0[34]|40001|40P01|53|55P03|57P|57014|58|XX00[12])/
const POSTGRES_RETRY = new Set(['40001', '40P01'])
const SOCKET =
  /^(E(CONN|PIPE|HOST|TIMEDOUT|NOTFOUND|AI_AGAIN|NETUNREACH)|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|EPROTO)/
const POOL =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed)/

/** `BUSY` is the result code of SQLite for a lock that another connection holds. */
export const BUSY = 5

/** Says whether the error means that SQLite cannot use the file, at the moment or at all. */
export function isSqliteUnavailable(error: unknown): boolean {
  return SQLITE_UNAVAILABLE.has(((error as DriverError | undefined)?.errcode ?? 0) % 256)
}

/** Says whether the error carries the primary result code `code` of SQLite. */
export function isSqlite(error: unknown, code: number): boolean {
  return ((error as DriverError | undefined)?.errcode ?? 0) % 256 === code
}

/** Says whether the error means that a transaction conflicted with another one and can be run again. */
export function isConflict(error: unknown): boolean {
  return POSTGRES_RETRY.has((error as DriverError | undefined)?.code ?? '')
}

/** Runs `work` and replaces an error of the driver by a refusal with 503 or by a `StoreError`; the errors that Hawser itself throws pass unchanged. */
export async function withoutDriverErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ApiError || error instanceof StoreError || error instanceof StartRefused) throw error
    if (!isDriverError(error)) throw error
    const code = describeCode(error)
    if (isUnavailable(error)) unavailable(code)
    throw new StoreError(code, { constraint: error.constraint })
  }
}

/** Refuses with 503 because the database cannot be used; only the log shows `code`. */
export function unavailable(code: string): never {
  // When a connection breaks during a commit, nobody knows whether the commit happened.
  return fail(
    'database_unavailable',
    'The database cannot be used at the moment. Look again before you repeat a change.',
    { cause: new StoreError(code) },
  )
}

function isDriverError(error: unknown): error is DriverError {
  if (!(error instanceof Error)) return false
  const { code, errcode } = error as DriverError
  return typeof errcode === 'number' || typeof code === 'string' || POOL.test(error.message)
}

function isUnavailable({ code = '', errcode, message, syscall }: DriverError): boolean {
  if (errcode !== undefined) return SQLITE_UNAVAILABLE.has(errcode % 256)
  return POSTGRES_UNAVAILABLE.test(code) || SOCKET.test(code) || syscall === 'connect' || POOL.test(message)
}

const describeCode = ({ code, errcode }: DriverError) =>
  errcode === undefined ? (code ?? 'connection lost') : `SQLite ${errcode}`
