/** `REASONS` lists why a call ended without a reply; a reason is for Hawser's own decisions and the log, and never for a caller. */
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

export type UnreachableReason = (typeof REASONS)[number]

const AGAINST_HOST: ReadonlySet<UnreachableReason> = new Set([
  'timeout',
  'tls',
  'refused',
  'unresolved',
  'broken',
])

/** An `Unreachable` says that a call got no reply. Its message is always the same, so that a blocked host looks like a missing one. */
export class Unreachable extends Error {
  readonly reason: UnreachableReason
  /** `againstHost` says whether the failure is the host's fault; enough such failures in a row open the host's breaker. */
  readonly againstHost: boolean

  constructor(reason: UnreachableReason, { againstHost = AGAINST_HOST.has(reason) } = {}) {
    super('The host could not be reached.')
    this.name = 'Unreachable'
    this.reason = reason
    this.againstHost = againstHost
  }
}

/** `NOT_FOUND` matches the codes of resolvers for a name without an address. */
const NOT_FOUND = /^(ENOTFOUND|ENODATA|ESERVFAIL|EREFUSED|EBADNAME|EAI_\w+)$/

/** Returns the reason for an error of a call; `connected` says whether the connection, with TLS, was established before the error. */
export function reasonOf(error: unknown, { connected }: { connected: boolean }): UnreachableReason {
  if (error instanceof Unreachable) return error.reason
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown }
  const name = typeof code === 'string' ? code : ''
  if (/TIMEOUT|TIMEDOUT/.test(name)) return 'timeout'
  if (name === 'UND_ERR_HEADERS_OVERFLOW') return 'too_large'
  if (NOT_FOUND.test(name) || /^(getaddrinfo|query)/.test(String(syscall))) return 'unresolved'
  if (connected || name === '' || name.startsWith('UND_ERR_')) return 'broken'
  return /^E(?!RR_|PROTO)/.test(name) ? 'refused' : 'tls'
}
