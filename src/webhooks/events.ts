/** `events` lists every event that a webhook can be called for. */
export const events = {
  carrier_connected: 'A carrier account was connected; in the published shape.',
  'connection.updated': 'Credentials, settings or the primary mark of a connection were changed.',
  'connection.disconnected': 'A connection was removed.',
  'connection.needs_reauth': 'The carrier refuses what is stored; it has to be authenticated again.',
  'connection.degraded': 'The carrier cannot be asked at the moment.',
  'connection.recovered': 'A connection works again.',
} as const

export type EventType = keyof typeof events

/** `unsupportedEvents` lists published events that Hawser never sends, since they are about work that Hawser does not do (rates, labels, tracking, orders, reports). */
export const unsupportedEvents: readonly string[] = [
  'batch',
  'order_source_refresh_complete',
  'rate',
  'report_complete',
  'sales_orders_imported',
  'track',
]
