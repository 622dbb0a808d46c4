/** `reasons` explains every reason for which a message is not delivered, in Hawser's own words and never with a receiver's text. */
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

export type DeliveryReason = keyof typeof reasons

/** `OF_CALLS` gives the reason for each cause for which a call ended without an answer. */
const OF_CALLS: Readonly<Record<string, DeliveryReason>> = {
  blocked: 'address_not_allowed',
  // `unresolved` has the same reason as `blocked`; different reasons would reveal which names exist in an internal network.
  unresolved: 'address_not_allowed',
  timeout: 'timeout',
  tls: 'tls_failed',
  refused: 'connection_refused',
  too_large: 'broken_answer',
  broken: 'broken_answer',
  busy: 'busy',
  breaker_open: 'busy',
}

/** Returns the cause of a call's error, which only the log shows. */
export function causeOf(error: unknown): string {
  const { reason } = (error ?? {}) as { reason?: unknown }
  return typeof reason === 'string' && Object.hasOwn(OF_CALLS, reason) ? reason : 'broken'
}

/** Returns the reason that the owner of the webhook sees for a cause. */
export const reasonFor = (cause: string): DeliveryReason => OF_CALLS[cause] ?? 'broken_answer'
