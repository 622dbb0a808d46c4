/** Why a call ended without a reply; for our own decisions and the log, never for a caller. */
export const REASONS = [
  'blocked',
  'timeout',
  'tls',
  'refused',
  'too_large',
  'broken',
  'busy',
  'breaker_open',
] as const

export type Reason = (typeof REASONS)[number]

const AGAINST_HOST: ReadonlySet<Reason> = new Set(['timeout', 'tls', 'refused', 'broken'])

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

/** The reason for any error of a call; `connected` says whether a connection, and TLS on it, had come about. */
export function reasonOf(error: unknown, connected: boolean): Reason {
  if (error instanceof Unreachable) return error.reason
  const { code } = (error ?? {}) as { code?: unknown }
  const name = typeof code === 'string' ? code : ''
  if (/TIMEOUT|TIMEDOUT/.test(name)) return 'timeout'
  if (name === 'UND_ERR_HEADERS_OVERFLOW') return 'too_large'
  if (connected || name === '' || name.startsWith('UND_ERR_')) return 'broken'
  return /^E(?!RR_|PROTO)/.test(name) ? 'refused' : 'tls'
}
