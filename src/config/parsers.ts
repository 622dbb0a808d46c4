import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'

/** Reads one value; throws `Unparsable` for anything it does not take. */
export type Parser<T> = (text: string) => T

/** What a text cannot be read as; the message says what is expected. */
export class Unparsable extends Error {}

const refuse = (expected: string): never => {
  throw new Unparsable(expected)
}

export const text: Parser<string> = (value) => value || refuse('a text that is not empty')

export const wholeNumber =
  (least: number, most: number): Parser<number> =>
  (value) =>
    /^\d{1,10}$/.test(value) && Number(value) >= least && Number(value) <= most
      ? Number(value)
      : refuse(`a whole number from ${least} to ${most}`)

export const yesOrNo: Parser<boolean> = (value) =>
  value === 'true' ? true : value === 'false' ? false : refuse('true or false')

export const oneOf =
  <const T extends string>(...choices: readonly T[]): Parser<T> =>
  (value) =>
    choices.find((choice) => choice === value) ?? refuse(choices.join(', '))

export const optional =
  <T>(parser: Parser<T>): Parser<T | undefined> =>
  (value) =>
    value === '' ? undefined : parser(value)

export const offOr =
  <T>(parser: Parser<T>): Parser<T | undefined> =>
  (value) =>
    value === 'off' ? undefined : parser(value)

/** A scheme, a host and a port, with nothing behind them. */
export const origin: Parser<string> = (value) => {
  const url = /^https?:\/\//i.test(value) && URL.canParse(value) ? new URL(value) : undefined
  return url && url.href === `${url.origin}/`
    ? url.origin
    : refuse('an address like https://hawser.example.com, without a path')
}

export type RateLimits = { production: number; sandbox: number }

export const rateLimits: Parser<RateLimits> = (value) => {
  const parts = value.split(',').map((part) => /^(production|sandbox)=(\d+)$/.exec(part))
  const limits = new Map(parts.map((part) => [part?.[1], part?.[2] ?? '']))
  const perMinute = (environment: string) => wholeNumber(1, 1_000_000)(limits.get(environment) ?? '')
  return parts.length === 2 && limits.size === 2
    ? { production: perMinute('production'), sandbox: perMinute('sandbox') }
    : refuse('production=<n>,sandbox=<n> in requests a minute, or off')
}

export const command: Parser<readonly string[]> = (value) => {
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

export const addresses: Parser<readonly string[]> = (value) => {
  const list = value.split(',').map((part) => part.trim())
  const valid = list.every((entry) => {
    const [address = '', bits = '0', ...rest] = entry.split('/')
    const widest = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
    return /^\d{1,3}$/.test(bits) && Number(bits) <= widest && rest.length === 0 && !address.includes('%')
  })
  return valid ? list : refuse('addresses or CIDR ranges, separated by commas')
}

/** Whether `host` can only be reached from the machine itself. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

export const hostOverrides: Parser<ReadonlyMap<string, string>> = (value) => {
  const pairs = value.split(',').map((part) => part.trim().split(/=(.*)/s))
  const overrides = new Map(pairs.map(([host = '', origin = '']) => [host, originOf(origin)] as const))
  const good = pairs.every(([host = '']) => isHostName(host) && overrides.get(host) !== undefined)
  return good && overrides.size === pairs.length
    ? (overrides as Map<string, string>)
    : refuse('<host>=<origin> pairs, separated by commas; an http:// origin has to be on this machine')
}

export const hostName: Parser<string> = (value) =>
  isHostName(value) ? value : refuse('the name of a host, in small letters and with nothing around it')

const isHostName = (host: string) =>
  /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(host) &&
  URL.canParse(`https://${host}`) &&
  isIP(new URL(`https://${host}`).hostname) === 0

function originOf(text: string): string | undefined {
  if (!/^https?:\/\/[^\s\\/?#@]+\/?$/.test(text) || !URL.canParse(text)) return undefined
  const { protocol, hostname, origin } = new URL(text)
  return protocol === 'https:' || isLoopback(hostname.replace(/^\[(.*)\]$/, '$1')) ? origin : undefined
}

export const certificates: Parser<string> = (value) => {
  const found = value.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  try {
    for (const certificate of found) new X509Certificate(certificate)
    if (found.length > 0) return found.join('\n')
  } catch {
    // The sentence below says what is expected.
  }
  return refuse('one or more certificates in PEM')
}

/** The line of a key file, where it is given as a value; what it holds is proved later. */
export const kekLine: Parser<string> = (value) =>
  /^hwk1:[A-Za-z0-9_-]{43}:[0-9a-f]{8}$/.test(value)
    ? value
    : refuse('a key: hwk1:<32 bytes in base64url>:<CRC-32>')

/** One setting: how its value is read, its default, and one line of what it does. */
export type Setting<T> = { parse: Parser<T>; default: string; secret?: true; file?: true; about: string }
