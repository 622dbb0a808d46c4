import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { StartRefused } from './errors.ts'
import { Secret } from './secret.ts'

type Parser<T> = (text: string) => T

class Unparsable extends Error {}

const refuse = (expected: string): never => {
  throw new Unparsable(expected)
}

const text: Parser<string> = (value) => value || refuse('a text that is not empty')

const wholeNumber =
  (least: number, most: number): Parser<number> =>
  (value) =>
    /^\d{1,10}$/.test(value) && Number(value) >= least && Number(value) <= most
      ? Number(value)
      : refuse(`a whole number from ${least} to ${most}`)

const yesOrNo: Parser<boolean> = (value) =>
  value === 'true' ? true : value === 'false' ? false : refuse('true or false')

const oneOf =
  <const T extends string>(...choices: readonly T[]): Parser<T> =>
  (value) =>
    choices.find((choice) => choice === value) ?? refuse(choices.join(', '))

const optional =
  <T>(parser: Parser<T>): Parser<T | undefined> =>
  (value) =>
    value === '' ? undefined : parser(value)

const offOr =
  <T>(parser: Parser<T>): Parser<T | undefined> =>
  (value) =>
    value === 'off' ? undefined : parser(value)

export type Database = { kind: 'sqlite'; path: string } | { kind: 'postgres'; url: Secret<string> }

const database: Parser<Database> = (value) => {
  const path = /^sqlite:(.+)$/.exec(value)?.[1]
  if (path && !path.startsWith(':')) return { kind: 'sqlite', path: resolve(path) }
  if (/^postgres(ql)?:\/\//.test(value) && URL.canParse(value))
    return { kind: 'postgres', url: new Secret(value) }
  return refuse('sqlite:<path of a file> or postgres://…')
}

export type RateLimits = { production: number; sandbox: number }

const rateLimits: Parser<RateLimits> = (value) => {
  const limits = new Map(value.split(',').map((part) => part.split('=') as [string, string | undefined]))
  const perMinute = (environment: string) => wholeNumber(1, 1_000_000)(limits.get(environment) ?? '')
  return limits.size === 2
    ? { production: perMinute('production'), sandbox: perMinute('sandbox') }
    : refuse('production=<n>,sandbox=<n> in requests a minute, or off')
}

const command: Parser<readonly string[]> = (value) => {
  try {
    const argv: unknown = JSON.parse(value)
    if (
      Array.isArray(argv) &&
      argv.length > 0 &&
      argv.every((part) => typeof part === 'string' && part !== '')
    )
      return argv as string[]
  } catch {
    // The sentence below says it better than the parser's.
  }
  return refuse('a JSON array of texts: the program and its arguments')
}

const addresses: Parser<readonly string[]> = (value) => {
  const list = value.split(',').map((part) => part.trim())
  const valid = list.every((entry) => {
    const [address, bits = '0', ...rest] = entry.split('/')
    return isIP(address ?? '') !== 0 && /^\d{1,3}$/.test(bits) && rest.length === 0
  })
  return valid ? list : refuse('addresses or CIDR ranges, separated by commas')
}

type Setting<T> = { parse: Parser<T>; default: string; secret?: true; file?: true; about: string }

const setting = <T>(entry: Setting<T>): Setting<T> => entry

/**
 * Every setting there is: name, parser, default and one line of what it does.
 * `secret` keeps the value out of every print; `file` gives it a twin `<NAME>_FILE` that names a file holding the value.
 */
export const settings = {
  HAWSER_HOST: setting({ parse: text, default: '127.0.0.1', about: 'Address to listen on.' }),
  HAWSER_PORT: setting({
    parse: wholeNumber(0, 65535),
    default: '4010',
    about: 'Port to listen on; 0 takes a free one.',
  }),
  HAWSER_TLS_IN_FRONT: setting({
    parse: yesOrNo,
    default: 'false',
    about:
      'Says that TLS ends in front of this server. Without it, only loopback addresses are listened on, since Hawser itself speaks HTTP in clear.',
  }),
  HAWSER_TRUSTED_PROXIES: setting({
    parse: optional(addresses),
    default: '',
    about: 'Addresses or CIDR ranges whose `X-Forwarded-For` is believed for the audit log.',
  }),
  HAWSER_DATABASE_URL: setting({
    parse: database,
    default: 'sqlite:./data/hawser.db',
    secret: true,
    file: true,
    about: '`sqlite:<path>` or `postgres://…` (PostgreSQL 15 or newer). Missing directories are created.',
  }),
  HAWSER_DATABASE_POOL: setting({
    parse: wholeNumber(2, 100),
    default: '10',
    about: 'Most connections to PostgreSQL that one process opens.',
  }),
  HAWSER_KEK_FILE: setting({
    parse: optional(text),
    default: '',
    about:
      'File that holds the key-encryption key. Default: `kek` in a directory beside the data directory, named like it with `-keys` behind (`data-keys/kek`); made at the first start.',
  }),
  HAWSER_KEK_FILE_MOUNTED: setting({
    parse: yesOrNo,
    default: 'false',
    about:
      'Accepts a key file that a secret mount provides: a symbolic link, readable by the group, or owned by another user.',
  }),
  HAWSER_KEK: setting({
    parse: optional(text),
    default: '',
    secret: true,
    about:
      'The key itself, in the same form as in the file. It stays readable in the process’s start environment: prefer the file or the command.',
  }),
  HAWSER_KEK_COMMAND: setting({
    parse: optional(command),
    default: '',
    about:
      'Program that wraps and unwraps data keys with a key management service, as a JSON array; see `docs/operations.md`.',
  }),
  HAWSER_KEK_PREVIOUS_FILE: setting({
    parse: optional(text),
    default: '',
    about: 'File of the key before the current one, so that data keys wrapped under it still open.',
  }),
  HAWSER_LOG_LEVEL: setting({
    parse: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal'),
    default: 'info',
    about: 'Least severe level that is logged: trace, debug, info, warn, error, fatal.',
  }),
  HAWSER_RATE_LIMIT: setting({
    parse: offOr(rateLimits),
    default: 'production=200,sandbox=20',
    about: 'Requests a minute for each key, by environment, counted per process; `off` removes the limit.',
  }),
  HAWSER_BODY_LIMIT: setting({
    parse: wholeNumber(1024, 16_777_216),
    default: '65536',
    about: 'Largest request body in bytes.',
  }),
  HAWSER_SETTINGS_BODY_LIMIT: setting({
    parse: wholeNumber(1024, 16_777_216),
    default: '1048576',
    about: 'Largest body in bytes where settings may carry images.',
  }),
  HAWSER_REQUEST_TIMEOUT: setting({
    parse: wholeNumber(1, 600),
    default: '30',
    about: 'Seconds within which a request has to arrive whole.',
  }),
  HAWSER_DRAIN_TIMEOUT: setting({
    parse: wholeNumber(0, 600),
    default: '10',
    about: 'Seconds that running requests get to finish after SIGTERM.',
  }),
  HAWSER_MAX_CONNECTIONS: setting({
    parse: wholeNumber(1, 100_000),
    default: '10000',
    about: 'Most client connections at one time; further ones are closed.',
  }),
  HAWSER_METRICS_PORT: setting({
    parse: offOr(wholeNumber(0, 65535)),
    default: 'off',
    about: 'Port on which `/metrics` answers in the Prometheus format, without a key; `off` serves none.',
  }),
  HAWSER_METRICS_HOST: setting({
    parse: text,
    default: '127.0.0.1',
    about: 'Address of the metrics port.',
  }),
}

type Settings = typeof settings
type SettingName = keyof Settings
type SettingValues = { readonly [N in SettingName]: Settings[N] extends Setting<infer T> ? T : never }

export type KekSource =
  | { kind: 'file'; path: string; previousPath?: string; mounted: boolean; byDefault: boolean }
  | { kind: 'value'; value: Secret<string>; previousPath?: string; mounted: boolean }
  | { kind: 'command'; argv: readonly string[] }

export type Config = Readonly<{
  listen: Readonly<{ host: string; port: number; trustedProxies: readonly string[] }>
  metrics: Readonly<{ host: string; port: number }> | undefined
  database: Database
  databasePool: number
  kek: KekSource
  logLevel: SettingValues['HAWSER_LOG_LEVEL']
  rateLimits: RateLimits | undefined
  bodyLimits: Readonly<{ usual: number; settings: number }>
  limits: Readonly<{ requestSeconds: number; drainSeconds: number; connections: number }>
}>

export type Environment = Readonly<Record<string, string | undefined>>

/** Where the value of each setting came from: its name, the name of its file twin, or `default`. */
export type Origins = { readonly [N in SettingName]: string }

type Parsed = { config: Config; warnings: string[]; origins: Origins }

/** Reads the whole configuration from `env`; throws `StartRefused` with every problem in one message. Warnings name unknown settings. */
export function parseConfig(env: Environment): Parsed {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  const origins: Record<string, string> = {}
  for (const [name, entry] of Object.entries(settings) as [SettingName, Setting<unknown>][]) {
    const { text: given, origin } = readSetting(env, name, entry, problems)
    origins[name] = origin
    try {
      values[name] = entry.parse(given)
    } catch (error) {
      if (!(error instanceof Unparsable)) throw error
      problems.push(`${origin} must be ${error.message}.`)
    }
  }
  const config = problems.length === 0 ? compose(values as SettingValues, problems) : undefined
  if (!config || problems.length > 0)
    throw new StartRefused(`The configuration cannot be used:\n${problems.map((p) => `- ${p}`).join('\n')}`)
  return { config: deepFreeze(config), warnings: unknownSettings(env), origins: origins as Origins }
}

function readSetting(env: Environment, name: string, entry: Setting<unknown>, problems: string[]) {
  const direct = env[name]
  const file = entry.file ? env[`${name}_FILE`] : undefined
  if (file !== undefined && direct !== undefined)
    problems.push(`${name} and ${name}_FILE are both set; set one.`)
  if (file === undefined)
    return direct === undefined ? { text: entry.default, origin: 'default' } : { text: direct, origin: name }
  try {
    return { text: readFileSync(file, 'utf8').trim(), origin: `${name}_FILE` }
  } catch {
    problems.push(`${name}_FILE names a file that cannot be read.`)
    return { text: entry.default, origin: 'default' }
  }
}

function compose(values: SettingValues, problems: string[]): Config {
  const host = values.HAWSER_HOST
  if (!isLoopback(host) && !values.HAWSER_TLS_IN_FRONT)
    problems.push(
      'HAWSER_HOST is not a loopback address, and requests carry secrets in clear there: set HAWSER_TLS_IN_FRONT=true once TLS ends in front of this server.',
    )
  if (values.HAWSER_SETTINGS_BODY_LIMIT < values.HAWSER_BODY_LIMIT)
    problems.push('HAWSER_SETTINGS_BODY_LIMIT must not be smaller than HAWSER_BODY_LIMIT.')
  return {
    listen: { host, port: values.HAWSER_PORT, trustedProxies: values.HAWSER_TRUSTED_PROXIES ?? [] },
    metrics:
      values.HAWSER_METRICS_PORT === undefined
        ? undefined
        : { host: values.HAWSER_METRICS_HOST, port: values.HAWSER_METRICS_PORT },
    database: values.HAWSER_DATABASE_URL,
    databasePool: values.HAWSER_DATABASE_POOL,
    kek: kekSource(values, problems),
    logLevel: values.HAWSER_LOG_LEVEL,
    rateLimits: values.HAWSER_RATE_LIMIT,
    bodyLimits: { usual: values.HAWSER_BODY_LIMIT, settings: values.HAWSER_SETTINGS_BODY_LIMIT },
    limits: {
      requestSeconds: values.HAWSER_REQUEST_TIMEOUT,
      drainSeconds: values.HAWSER_DRAIN_TIMEOUT,
      connections: values.HAWSER_MAX_CONNECTIONS,
    },
  }
}

function kekSource(values: SettingValues, problems: string[]): KekSource {
  const { HAWSER_KEK: value, HAWSER_KEK_FILE: path, HAWSER_KEK_COMMAND: argv } = values
  const previousPath = values.HAWSER_KEK_PREVIOUS_FILE
  if ([value, path, argv].filter((source) => source !== undefined).length > 1)
    problems.push('Only one of HAWSER_KEK, HAWSER_KEK_FILE and HAWSER_KEK_COMMAND can be set.')
  if (argv && previousPath) problems.push('HAWSER_KEK_PREVIOUS_FILE has no use beside HAWSER_KEK_COMMAND.')
  const shared = {
    mounted: values.HAWSER_KEK_FILE_MOUNTED,
    ...(previousPath && { previousPath: resolve(previousPath) }),
  }
  if (argv) return { kind: 'command', argv }
  if (value) return { kind: 'value', value: new Secret(value), ...shared }
  const file = resolve(path ?? defaultKekFile(values.HAWSER_DATABASE_URL))
  if (
    values.HAWSER_DATABASE_URL.kind === 'sqlite' &&
    isInside(file, dirname(values.HAWSER_DATABASE_URL.path))
  )
    problems.push(
      'HAWSER_KEK_FILE lies in the directory of the database: a copy of that directory would hold the data and its key.',
    )
  return { kind: 'file', path: file, byDefault: path === undefined, ...shared }
}

function defaultKekFile(database: Database): string {
  const dataDirectory = database.kind === 'sqlite' ? dirname(database.path) : resolve('data')
  return join(dirname(dataDirectory), `${basename(dataDirectory)}-keys`, 'kek')
}

function isInside(path: string, directory: string): boolean {
  return !relative(directory, path).startsWith('..')
}

/** Whether `host` can only be reached from the machine itself. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function unknownSettings(env: Environment): string[] {
  const known = new Set<string>(
    Object.entries(settings).flatMap(([name, entry]) =>
      (entry as Setting<unknown>).file ? [name, `${name}_FILE`] : [name],
    ),
  )
  return Object.keys(env)
    .filter((name) => name.startsWith('HAWSER_') && !known.has(name))
    .map((name) => `${name} is not a setting of Hawser and has no effect.`)
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !(value instanceof Secret) && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(deepFreeze)
  }
  return value
}

/** The settings as they are in force, secrets redacted, each with where it came from. */
export function describeConfig(env: Environment): { name: string; value: string; origin: string }[] {
  const { origins } = parseConfig(env)
  return (Object.entries(settings) as [SettingName, Setting<unknown>][]).map(([name, entry]) => {
    const origin = origins[name]
    const given = origin === 'default' ? entry.default : entry.secret ? '[secret]' : (env[name] ?? '')
    return { name, value: given, origin }
  })
}
