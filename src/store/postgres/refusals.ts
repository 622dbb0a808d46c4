import { sql, type Kysely } from 'kysely'
import { ApiError, StartRefused } from '../../errors.ts'
import { StoreError } from '../errors.ts'
import { APP_ROLE } from '../migrations/0002-walls.ts'
import { namePostgres, readAddress, type DatabaseAddress } from './address.ts'

type Sentence = (address: DatabaseAddress) => string

const TLS =
  'PostgreSQL does not prove with its certificate who it is: name the authority that signed it (sslrootcert=<file> in HAWSER_DATABASE_URL), and the server by the name that stands in it'

/** `SENTENCES` explains each code to the operator who starts Hawser and names a remedy; the first matching pattern counts. */
const SENTENCES: readonly (readonly [RegExp, Sentence])[] = [
  [/^28P01$/, ({ user }) => `it refuses the password of "${user}": correct it in HAWSER_DATABASE_URL`],
  [
    /^28/,
    ({ user }) =>
      `it does not let "${user}" in: the role may be missing or without the right to log in, or pg_hba.conf asks for something else (another host, TLS: sslmode=require)`,
  ],
  [
    /^3D000$/,
    ({ database, user }) => `there is no such database: create database "${database}" owner "${user}"`,
  ],
  [
    /^42501$/,
    ({ user, database }) =>
      `"${user}" lacks a right there: it has to own the database (alter database "${database}" owner to "${user}") or to be granted connect on it and create on its schema`,
  ],
  [
    /^3F000$/,
    () =>
      'no schema is there to make tables in: create the one that search_path names, or change search_path',
  ],
  [/^25006$/, () => 'it takes no writes: it is a standby, or default_transaction_read_only is on'],
  [/^53300$/, () => 'it has no connection left: raise max_connections, or lower HAWSER_DATABASE_POOL'],
  [/^57P03$/, () => 'it is starting or stopping: try again'],
  [/^57P/, () => 'it ended the connection: try again'],
  [/^(ENOTFOUND|EAI_AGAIN)$/, () => 'its host name is not known: correct it in HAWSER_DATABASE_URL'],
  [/^ECONNREFUSED$/, () => 'nothing listens there: start PostgreSQL, or correct host and port'],
  [
    /^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|timeout)$/,
    () => 'it does not answer: look at host, port and firewalls',
  ],
  [/^(ECONNRESET|EPIPE|closed)$/, () => 'it closed the connection: is it PostgreSQL that listens there?'],
  [/^EACCES$/, () => 'its socket, or a file of a certificate, may not be read by this user'],
  [/^ENOENT$/, () => 'its socket, or a file that sslrootcert, sslcert or sslkey names, is not there'],
  [
    /^no TLS$/,
    () => 'it does not speak TLS: turn it on there, or say sslmode=disable where the network is yours',
  ],
  [/^no password$/, ({ user }) => `it asks for a password of "${user}", and HAWSER_DATABASE_URL has none`],
  [/^(CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|INVALID_CA|HOSTNAME)/, () => TLS],
]

/** Runs `work`, which opens a database at the start, and replaces an error of the driver by a `StartRefused` that names the host, the reason and a remedy. */
export async function withSentences<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof StartRefused || error instanceof ApiError) throw error
    const code = codeOf(error)
    if (code === undefined) throw error
    const address = readAddress(url)
    const [, sentence] = SENTENCES.find(([pattern]) => pattern.test(code)) ?? []
    const why = sentence?.(address) ?? new StoreError(code).message
    throw new StartRefused(
      `${capital(namePostgres(url))} cannot be used (${code}): ${why}.`.replace(/\.\.$/, '.'),
    )
  }
}

/** Returns the refusal of a start for which the role that serves requests cannot be taken, or is missing and cannot be created. */
export function roleSentence(url: string): string {
  const { user } = readAddress(url)
  return `The role "${user}" of HAWSER_DATABASE_URL may not make or take the role ${APP_ROLE}, which the server works as. As a superuser of the server, run:\n  create role ${APP_ROLE} nologin;\n  grant ${APP_ROLE} to "${user.replaceAll('"', '""')}";`
}

type PostgresError = Error & { code?: unknown; cause?: unknown }

/** Returns the code of an error of the driver, or a name of Hawser's own where the driver only gives a text; returns `undefined` for any other error. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, message } = error as PostgresError
  if (/does not support SSL connections/.test(message)) return 'no TLS'
  if (/password must be a/i.test(message)) return 'no password'
  if (message.startsWith('SASL')) return '28000'
  if (typeof code === 'string') return code
  if (/timeout/i.test(message)) return 'timeout'
  if (/Connection terminated|SSL connection|^Received unexpected/i.test(message)) return 'closed'
  if (error instanceof AggregateError) return codeOf(error.errors[0])
  return error.cause instanceof Error ? codeOf(error.cause) : undefined
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

/** Says whether the current user lacks the role that serves requests: the role is missing and the user may not create it, or the user may not take it. */
export async function lacksAppRole(db: Kysely<unknown>): Promise<boolean> {
  const { rows } = await sql<{ maker: boolean; takes: boolean | null }>`
    select rolsuper or rolcreaterole as maker, (select pg_has_role(current_user, oid,
        case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end)
      from pg_roles where rolname = ${APP_ROLE}) as takes
    from pg_roles where rolname = current_user`.execute(db)
  const [{ maker, takes } = { maker: false, takes: null }] = rows
  return takes === null ? !maker : !takes
}
