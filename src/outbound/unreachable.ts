/** Why a call ended without a reply; for our own decisions and the log, never for a caller. */
export const REASONS = [
  'blocked',
  'timeout',
  'tls',
  'refused',
  'unresolved',
  'too_large',
  'broken',
  'busy',
  'breaker_open',
] as const

export type Reason = (typeof REASONS)[number]

const AGAINST_HOST: ReadonlySet<Reason> = new Set(['timeout', 'tls', 'refused', 'unresolved', 'broken'])

/** There is no reply. Every one reads the same, so that what is blocked looks like what is not there. */
export class Unreachable extends Error {
  readonly reason: Reason
  /** Whether the host is to blame: enough of these in a row open its breaker. */
  readonly againstHost: boolean

  constructor(reason: Reason, againstHost = AGAINST_HOST.has(reason)) {
    super('The host could not be reached.')
    this.name = 'Unreachable'
    this.reason = reason
    this.againstHost = againstHost
  }
}

/** What resolvers say of a name that leads nowhere. */
const NOT_FOUND = /^(ENOTFOUND|ENODATA|ESERVFAIL|EREFUSED|EBADNAME|EAI_\w+)$/

/** The reason for any error of a call; `connected` says whether a connection, and TLS on it, had come about. */
export function reasonOf(error: unknown, connected: boolean): Reason {
  if (error instanceof Unreachable) return error.reason
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown }
  const name = typeof code === 'string' ? code : ''
  if (/TIMEOUT|TIMEDOUT/.test(name)) return 'timeout'
  if (name === 'UND_ERR_HEADERS_OVERFLOW') return 'too_large'
  if (NOT_FOUND.test(name) || /^(getaddrinfo|query)/.test(String(syscall))) return 'unresolved'
  if (connected || name === '' || name.startsWith('UND_ERR_')) return 'broken'
  return /^E(?!RR_|PROTO)/.test(name) ? 'refused' : 'tls'
}
