import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'

/** A `Parser` reads one value; it throws `UnparsableSetting` for a value that it does not take. */
export type Parser<T> = (text: string) => T

/** `UnparsableSetting` is thrown for a text that cannot be read; its message says what is expected. */
export class UnparsableSetting extends Error {}

const refuse = (expected: string): never => {
  throw new UnparsableSetting(expected)
}

/** Reads a text that is not empty. */
export const text: Parser<string> = (value) => value || refuse('a text that is not empty')

/** Returns a parser of a whole number from `least` to `most`. */
export const wholeNumber =
  (least: number, most: number): Parser<number> =>
  (value) =>
    /^\d{1,10}$/.test(value) && Number(value) >= least && Number(value) <= most
      ? Number(value)
      : refuse(`a whole number from ${least} to ${most}`)

/** Reads `true` or `false`. */
export const yesOrNo: Parser<boolean> = (value) =>
  value === 'true' ? true : value === 'false' ? false : refuse('true or false')

/** Returns a parser that takes one of the choices. */
export const oneOf =
  <const T extends string>(...choices: readonly T[]): Parser<T> =>
  (value) =>
    choices.find((choice) => choice === value) ?? refuse(choices.join(', '))

/** Returns a parser that reads an empty text as `undefined`. */
export const optional =
  <T>(parser: Parser<T>): Parser<T | undefined> =>
  (value) =>
    value === '' ? undefined : parser(value)

/** Returns a parser that reads `off` as `undefined`. */
export const offOr =
  <T>(parser: Parser<T>): Parser<T | undefined> =>
  (value) =>
    value === 'off' ? undefined : parser(value)

/** Reads an address that has a scheme, a host and a port, and nothing behind them. */
export const origin: Parser<string> = (value) => {
  const url = /^https?:\/\//i.test(value) && URL.canParse(value) ? new URL(value) : undefined
  return url && url.href === `${url.origin}/`
    ? url.origin
    : refuse('an address like https://hawser.example.com, without a path')
}

export type RateLimits = { production: number; sandbox: number }

/** Reads the limits of both environments, in requests a minute. */
export const rateLimits: Parser<RateLimits> = (value) => {
  const parts = value.split(',').map((part) => /^(production|sandbox)=(\d+)$/.exec(part))
  const limits = new Map(parts.map((part) => [part?.[1], part?.[2] ?? '']))
  const perMinute = (environment: string) => wholeNumber(1, 1_000_000)(limits.get(environment) ?? '')
  return parts.length === 2 && limits.size === 2
    ? { production: perMinute('production'), sandbox: perMinute('sandbox') }
    : refuse('production=<n>,sandbox=<n> in requests a minute, or off')
}

/** Reads a program and its arguments from a JSON array. */
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
    // The message below says better than the error of the JSON parser what is expected.
  }
  return refuse('a JSON array of texts: the program and its arguments')
}

/** Reads a list of IP addresses and CIDR ranges. */
export const addresses: Parser<readonly string[]> = (value) => {
  const list = value.split(',').map((part) => part.trim())
  const valid = list.every((entry) => {
    const [address = '', bits = '0', ...rest] = entry.split('/')
    const widest = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
    return /^\d{1,3}$/.test(bits) && Number(bits) <= widest && rest.length === 0 && !address.includes('%')
  })
  return valid ? list : refuse('addresses or CIDR ranges, separated by commas')
}

/** Returns true where `host` can only be reached from the machine itself. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** Reads pairs of a host and the origin to which the calls to the host are sent. */
export const hostOverrides: Parser<ReadonlyMap<string, string>> = (value) => {
  const pairs = value.split(',').map((part) => part.trim().split(/=(.*)/s))
  const overrides = new Map(pairs.map(([host = '', origin = '']) => [host, originOf(origin)] as const))
  const good = pairs.every(([host = '']) => isHostName(host) && overrides.get(host) !== undefined)
  return good && overrides.size === pairs.length
    ? (overrides as Map<string, string>)
    : refuse('<host>=<origin> pairs, separated by commas; an http:// origin has to be on this machine')
}

/** Reads the name of a host and refuses an IP address. */
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

/** Reads one or more certificates in PEM, and leaves out everything around them. */
export const certificates: Parser<string> = (value) => {
  const found = value.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  try {
    for (const certificate of found) new X509Certificate(certificate)
    if (found.length > 0) return found.join('\n')
  } catch {
    // The message below says what is expected.
  }
  return refuse('one or more certificates in PEM')
}

/** Reads a key that has the form of the line in a key file; the checksum of the key is checked later. */
export const kekLine: Parser<string> = (value) =>
  /^hwk1:[A-Za-z0-9_-]{43}:[0-9a-f]{8}$/.test(value)
    ? value
    : refuse('a key: hwk1:<32 bytes in base64url>:<CRC-32>')

/** A `Setting` has the parser of its value, its default, and one line that says what the setting does. */
export type Setting<T> = { parse: Parser<T>; default: string; secret?: true; file?: true; about: string }
