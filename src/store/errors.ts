import { ApiError, fail, StartRefused } from '../errors.ts'
import { reasonOf } from './failure-reasons.ts'

/** A database error without its text, which may quote stored values: only the driver's code, what it means, and the constraint remain. */
export class StoreError extends Error {
  readonly code: string
  readonly constraint: string | undefined

  constructor(code: string, constraint?: string) {
    const reason = reasonOf(code)
    super(
      `The database answered ${code}${constraint ? ` on ${constraint}` : ''}${reason ? `: ${reason}` : ''}.`,
    )
    this.name = 'StoreError'
    this.code = code
    this.constraint = constraint
  }
}

// SQLITE_CONSTRAINT_UNIQUE and SQLSTATE unique_violation.
const UNIQUE = new Set(['SQLite 2067', '23505'])

/** Whether a unique index refused the write. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof StoreError && UNIQUE.has(error.code)
}

type DriverError = Error & { code?: string; errcode?: number; constraint?: string; syscall?: string }

// Primary result codes of SQLite: no permission, busy, locked, no memory, read-only, interrupted, I/O error, corrupt, full, cannot open, locks in disorder, file too large, not a database.
const SQLITE_UNAVAILABLE = new Set([3, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 22, 26])
// SQLSTATE classes and codes of PostgreSQL: connection, login, no such database, read-only, ended by a time limit, conflicts that repeat, resources, lock limit, operator intervention, statement limit, system error, damaged data.
const POSTGRES_UNAVAILABLE = /^(08|28|3D000|25006|25P0[34]|40001|40P01|53|55P03|57P|57014|58|XX00[12])/
const POSTGRES_RETRY = new Set(['40001', '40P01'])
const SOCKET =
  /^(E(CONN|PIPE|HOST|TIMEDOUT|NOTFOUND|AI_AGAIN|NETUNREACH)|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|EPROTO)/
const POOL =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed)/

/** The result code of SQLite for a lock that another connection holds. */
export const BUSY = 5

/** Whether SQLite cannot use the file at the moment, or at all. */
export function isSqliteUnavailable(error: unknown): boolean {
  return SQLITE_UNAVAILABLE.has(((error as DriverError | undefined)?.errcode ?? 0) % 256)
}

/** Whether SQLite answered this primary result code. */
export function isSqlite(error: unknown, code: number): boolean {
  return ((error as DriverError | undefined)?.errcode ?? 0) % 256 === code
}

/** Whether the transaction lost against another and may simply run again. */
export function isConflict(error: unknown): boolean {
  return POSTGRES_RETRY.has((error as DriverError | undefined)?.code ?? '')
}

/** Turns what a driver threw into a refusal (503) or a `StoreError`; errors of our own pass as they are. */
export async function withoutDriverErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ApiError || error instanceof StoreError || error instanceof StartRefused) throw error
    if (!isDriverError(error)) throw error
    const code = describeCode(error)
    if (isUnavailable(error)) unavailable(code)
    throw new StoreError(code, error.constraint)
  }
}

/** Refuses (503); only the log is told by which code. */
export function unavailable(code: string): never {
  // When a connection breaks during a commit, nobody knows whether it was made.
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
