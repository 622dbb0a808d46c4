import { resolve } from 'node:path'
import { Secret } from '../secret.ts'
import { UnparsableSetting, type Parser } from './parsers.ts'

/** A `DatabaseSetting` says where the database is: the path of a SQLite file, or the URL of a PostgreSQL server. */
export type DatabaseSetting = { kind: 'sqlite'; path: string } | { kind: 'postgres'; url: Secret<string> }

/** Reads where the database is; refuses a value that could mean something else than it seems to, and never repeats a value. */
export const database: Parser<DatabaseSetting> = (value) => {
  if (value.startsWith('sqlite:')) return { kind: 'sqlite', path: resolve(sqlitePath(value.slice(7))) }
  if (/^postgres(ql)?:\/\//.test(value)) return { kind: 'postgres', url: new Secret(postgresUrl(value)) }
  throw new UnparsableSetting('sqlite:<path of a file> or a postgres:// address')
}

/** `CROOKED` has the spellings of a path that other programs read differently, each with what to write instead. */
const CROOKED: readonly (readonly [RegExp, string])[] = [
  [/^\s*$/, 'nothing stands behind "sqlite:"'],
  [/^\s|\s$|\p{Cc}/u, 'the path begins or ends with white space, or has control characters in it'],
  [/\?/, 'no parameters ("?…") are taken'],
  [/%[0-9a-f]{2}/i, 'the path is taken as it is, without "%" escapes'],
  [/^:/, 'a database in memory keeps nothing'],
  [/^file:/i, 'write the path itself, without "file:"'],
  [/^~/, 'write the home directory out: "~" is a matter of shells'],
  [/^\/\/+\.{1,2}(\/|$)/, 'write a relative path without "//": sqlite:./data/hawser.db'],
  [/^\/\/[^/]/, 'no host is taken: write sqlite:/absolute/path, or sqlite:relative/path'],
  [/[/\\]$|(^|[/\\])\.{1,2}$/, 'the path names a directory'],
]

function sqlitePath(path: string): string {
  for (const [pattern, why] of CROOKED)
    if (pattern.test(path)) throw new UnparsableSetting(`sqlite:<path of a file>; ${why}`)
  return path
}

const ESCAPES =
  'in user name and password write / as %2F, ? as %3F, # as %23, @ as %40, : as %3A and % as %25'
const TLS_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify']

function postgresUrl(value: string): string {
  const refuse = (why: string): never => {
    throw new UnparsableSetting(`postgres://<user>:<password>@<host>:<port>/<database>; ${why}`)
  }
  const authority = /^\w+:\/\/([^/?#]*)/.exec(value)?.[1] ?? ''
  // The name of a database has no @: an @ behind the host shows that the password has a raw /, ? or #.
  if (value.slice(value.indexOf('//') + 2 + authority.length).includes('@')) refuse(ESCAPES)
  if (authority.slice(authority.lastIndexOf('@') + 1).includes(','))
    refuse('one host is taken, and not several')
  if (!URL.canParse(value)) refuse(`the host or the port cannot be read; ${ESCAPES}`)
  const { hash, username, password, pathname, searchParams } = new URL(value)
  if (hash !== '' || ![username, password, pathname].every(isReadable)) refuse(ESCAPES)
  const mode = searchParams.get('sslmode')
  if (mode !== null && !TLS_MODES.includes(mode)) refuse(`sslmode must be one of ${TLS_MODES.join(', ')}`)
  return value
}

/** Returns true where all percent escapes in a part of an address decode to text; a percent sign that begins no escape stands for itself. */
function isReadable(part: string): boolean {
  try {
    decodeURIComponent(part.replace(/%(?![0-9a-f]{2})/gi, '%25'))
    return true
  } catch {
    return false
  }
}
