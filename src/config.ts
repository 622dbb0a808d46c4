import { readFileSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { operatorValues, signInCarriers } from './config/operator.ts'
import type { DatabaseSetting } from './config/database.ts'
import { UnparsableSetting, isLoopback, type RateLimits } from './config/parsers.ts'
import { settings, type Setting, type SettingName, type SettingValues } from './config/settings.ts'
import { StartRefused } from './errors.ts'
import { realPath } from './real-path.ts'
import { Secret } from './secret.ts'

export type KekSource =
  | { kind: 'file'; path: string; previousPath?: string; mounted: boolean }
  | { kind: 'value'; value: Secret<string>; previousPath?: string; mounted: boolean }
  | { kind: 'command'; argv: readonly string[] }

export type Config = Readonly<{
  listen: Readonly<{ host: string; port: number; trustedProxies: readonly string[] }>
  /** `publicUrl` is the scheme, host and port at which clients reach this server. */
  publicUrl: string
  /** `saidUrl` is the public address that the operator has set; where it is absent, links in answers begin with the address of their request. */
  saidUrl?: string
  webhooks: Readonly<{ http: boolean; most: number }>
  metrics: Readonly<{ host: string; port: number }> | undefined
  database: DatabaseSetting
  databasePool: number
  kek: KekSource
  logLevel: SettingValues['HAWSER_LOG_LEVEL']
  rateLimits: RateLimits | undefined
  /** `failureLimit` is the largest number of failed authentications a minute from one address. */
  failureLimit: number | undefined
  outbound: Readonly<{
    overrides: ReadonlyMap<string, string>
    allow: readonly string[]
    ca: string | undefined
  }>
  bodyLimits: Readonly<{ usual: number; settings: number }>
  verification: SettingValues['HAWSER_VERIFICATION']
  operator: Secret<Readonly<Record<string, string>>>
  /** `signIns` has the ids of the carriers where merchants sign in at the carrier itself. */
  signIns: readonly string[]
  limits: Readonly<{
    requestSeconds: number
    handlerSeconds: number
    drainSeconds: number
    connections: number
  }>
}>

export type EnvironmentVariables = Readonly<Record<string, string | undefined>>

/** `Origins` says where the value of each setting came from: the name of the setting, the name of its `_FILE` setting, or `default`. */
export type Origins = { readonly [N in SettingName]: string }

type Parsed = { config: Config; warnings: string[]; origins: Origins }

/** Reads the whole configuration from `env`, and returns it with warnings for the log; throws `StartRefused` with every problem in one message. */
export function parseConfig(env: EnvironmentVariables): Parsed {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  const origins: Record<string, string> = {}
  const bad = new Set<string>()
  for (const [name, entry] of Object.entries(settings) as [SettingName, Setting<unknown>][]) {
    const { text: given, origin } = readSetting(env, name, entry, problems)
    origins[name] = origin
    try {
      values[name] = entry.parse(given)
    } catch (error) {
      if (!(error instanceof UnparsableSetting)) throw error
      problems.push(`${origin} must be ${error.message}.`)
      // The default replaces the bad value, so that contradictions among the other settings are reported too.
      values[name] = entry.parse(entry.default)
      bad.add(name)
    }
  }
  const config = compose(values as SettingValues, bad, problems)
  if (problems.length > 0)
    throw new StartRefused(`The configuration cannot be used:\n${problems.map((p) => `- ${p}`).join('\n')}`)
  return { config: deepFreeze(config), warnings: warningsOf(env), origins: origins as Origins }
}

function readSetting(env: EnvironmentVariables, name: string, entry: Setting<unknown>, problems: string[]) {
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

function compose(values: SettingValues, bad: ReadonlySet<string>, problems: string[]): Config {
  const host = values.HAWSER_HOST
  if (!isLoopback(host) && !values.HAWSER_TLS_IN_FRONT)
    problems.push(
      'HAWSER_HOST is not a loopback address, and requests carry secrets in clear there: set HAWSER_TLS_IN_FRONT=true once TLS ends in front of this server.',
    )
  if (values.HAWSER_SETTINGS_BODY_LIMIT < values.HAWSER_BODY_LIMIT)
    problems.push('HAWSER_SETTINGS_BODY_LIMIT must not be smaller than HAWSER_BODY_LIMIT.')
  // The server checks once a second whether requests have arrived in time, so that the two times need some distance.
  if (values.HAWSER_HANDLER_TIMEOUT < values.HAWSER_REQUEST_TIMEOUT + 2)
    problems.push(
      'HAWSER_HANDLER_TIMEOUT must be at least 2 seconds longer than HAWSER_REQUEST_TIMEOUT, or a request that is still arriving would be answered 503.',
    )
  return {
    listen: { host, port: values.HAWSER_PORT, trustedProxies: values.HAWSER_TRUSTED_PROXIES ?? [] },
    ...(values.HAWSER_PUBLIC_URL === undefined ? {} : { saidUrl: values.HAWSER_PUBLIC_URL }),
    publicUrl:
      values.HAWSER_PUBLIC_URL ?? `http://${host.includes(':') ? `[${host}]` : host}:${values.HAWSER_PORT}`,
    webhooks: { http: values.HAWSER_WEBHOOK_HTTP, most: values.HAWSER_WEBHOOK_LIMIT },
    metrics:
      values.HAWSER_METRICS_PORT === undefined
        ? undefined
        : { host: values.HAWSER_METRICS_HOST, port: values.HAWSER_METRICS_PORT },
    database: settle(values.HAWSER_DATABASE_URL),
    databasePool: values.HAWSER_DATABASE_POOL,
    kek: kekSource(values, bad, problems),
    logLevel: values.HAWSER_LOG_LEVEL,
    rateLimits: values.HAWSER_RATE_LIMIT,
    failureLimit: values.HAWSER_FAILURE_LIMIT,
    outbound: {
      overrides: values.HAWSER_CARRIER_HOSTS ?? new Map<string, string>(),
      allow: values.HAWSER_OUTBOUND_ALLOW ?? [],
      ca: values.HAWSER_OUTBOUND_CA,
    },
    bodyLimits: { usual: values.HAWSER_BODY_LIMIT, settings: values.HAWSER_SETTINGS_BODY_LIMIT },
    verification: values.HAWSER_VERIFICATION,
    operator: operatorValues(values),
    signIns: signInCarriers(values, bad, problems),
    limits: {
      requestSeconds: values.HAWSER_REQUEST_TIMEOUT,
      handlerSeconds: values.HAWSER_HANDLER_TIMEOUT,
      drainSeconds: values.HAWSER_DRAIN_TIMEOUT,
      connections: values.HAWSER_MAX_CONNECTIONS,
    },
  }
}

function kekSource(values: SettingValues, bad: ReadonlySet<string>, problems: string[]): KekSource {
  const { HAWSER_KEK: value, HAWSER_KEK_FILE: path, HAWSER_KEK_COMMAND: argv } = values
  const previousPath = values.HAWSER_KEK_PREVIOUS_FILE
  const sources = ['HAWSER_KEK', 'HAWSER_KEK_FILE', 'HAWSER_KEK_COMMAND'] as const
  if (sources.filter((name) => values[name] !== undefined || bad.has(name)).length > 1)
    problems.push('Only one of HAWSER_KEK, HAWSER_KEK_FILE and HAWSER_KEK_COMMAND can be set.')
  if (argv && previousPath) problems.push('HAWSER_KEK_PREVIOUS_FILE has no use beside HAWSER_KEK_COMMAND.')
  const file = resolve(path ?? defaultKekFile(values.HAWSER_DATABASE_URL))
  for (const [name, used] of Object.entries({
    HAWSER_KEK_FILE: value || argv ? undefined : file,
    HAWSER_KEK_PREVIOUS_FILE: previousPath && resolve(previousPath),
  }))
    if (used && liesWithData(used, values.HAWSER_DATABASE_URL))
      problems.push(
        `${name} lies in the directory of the database: a copy of that directory would hold the data and its key.`,
      )
  const shared = {
    mounted: values.HAWSER_KEK_FILE_MOUNTED,
    ...(previousPath && { previousPath: resolve(previousPath) }),
  }
  if (argv) return { kind: 'command', argv }
  if (value) return { kind: 'value', value: new Secret(value), ...shared }
  return { kind: 'file', path: file, ...shared }
}

function defaultKekFile(database: DatabaseSetting): string {
  const dataDirectory = database.kind === 'sqlite' ? dirname(database.path) : resolve('data')
  return join(dirname(dataDirectory), `${basename(dataDirectory)}-keys`, 'kek')
}

function liesWithData(path: string, database: DatabaseSetting): boolean {
  if (database.kind !== 'sqlite') return false
  return [dirname(database.path), dirname(realPath(database.path))].some((directory) => {
    const way = relative(realPath(directory), realPath(path))
    return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
  })
}

/** Returns the database with the real path of its file, so that every part of the program names the same file, whatever symbolic links lead there. */
function settle(database: DatabaseSetting): DatabaseSetting {
  return database.kind === 'sqlite' ? { kind: 'sqlite', path: realPath(database.path) } : database
}

const WARNED = {
  HAWSER_KEK:
    'HAWSER_KEK stays readable in the start environment; prefer HAWSER_KEK_FILE or HAWSER_KEK_COMMAND.',
  HAWSER_CARRIER_HOSTS:
    'HAWSER_CARRIER_HOSTS sends credentials to other places than the carriers themselves.',
  HAWSER_OUTBOUND_ALLOW: 'HAWSER_OUTBOUND_ALLOW lets webhooks reach addresses that are not public.',
}

function warningsOf(env: EnvironmentVariables): string[] {
  const known = new Set<string>(
    Object.entries(settings).flatMap(([name, entry]) =>
      (entry as Setting<unknown>).file ? [name, `${name}_FILE`] : [name],
    ),
  )
  const unknown = Object.keys(env)
    .filter((name) => name.startsWith('HAWSER_') && !known.has(name))
    .map((name) => `${name} is not a setting of Hawser and has no effect.`)
  const told = Object.entries(WARNED).flatMap(([name, warning]) => (env[name] ? [warning] : []))
  return [...unknown, ...told]
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !(value instanceof Secret) && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(deepFreeze)
  }
  return value
}

/** Returns the name, the value and the origin of every setting in force, with secrets redacted. */
export function describeConfig(env: EnvironmentVariables): { name: string; value: string; origin: string }[] {
  const { origins } = parseConfig(env)
  return (Object.entries(settings) as [SettingName, Setting<unknown>][]).map(([name, entry]) => {
    const origin = origins[name]
    const given = origin === 'default' ? entry.default : entry.secret ? '[secret]' : (env[name] ?? '')
    return { name, value: given, origin }
  })
}
