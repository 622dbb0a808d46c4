/** Why a message was not delivered, all of it: words of ours, and nothing that a receiver says. */
export const reasons = {
  status: 'The receiver answered, and not with 2xx: see `last_status`.',
  address_not_allowed:
    'The name is not found, its address is not public, or the port is neither 443 nor 8443.',
  connection_refused: 'Nothing takes connections there.',
  tls_failed: 'There is no TLS, or its certificate is not trusted or is for another host.',
  timeout: 'No connection within 3 seconds, or no answer within 10.',
  broken_answer: 'The connection ended before a whole answer, or what came is none.',
  busy: 'This server had too much to send.',
  not_signed: 'The signing secret does not open; the audit log has it.',
} as const

export type Reason = keyof typeof reasons

/** What ends a call without an answer, by the words of the way out. */
const OF_CALLS: Readonly<Record<string, Reason>> = {
  blocked: 'address_not_allowed',
  // Told apart, the two would say which names there are in a network that nobody outside may look into.
  unresolved: 'address_not_allowed',
  timeout: 'timeout',
  tls: 'tls_failed',
  refused: 'connection_refused',
  too_large: 'broken_answer',
  broken: 'broken_answer',
  busy: 'busy',
  breaker_open: 'busy',
}

/** The word of the way out for an error of a call, for the log alone. */
export function causeOf(error: unknown): string {
  const { reason } = (error ?? {}) as { reason?: unknown }
  return typeof reason === 'string' && Object.hasOwn(OF_CALLS, reason) ? reason : 'broken'
}

/** What is told of such a word to whom the webhook belongs. */
export const reasonFor = (cause: string): Reason => OF_CALLS[cause] ?? 'broken_answer'
