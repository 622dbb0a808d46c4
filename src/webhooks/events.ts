/** Everything that a webhook can be called for, all of it. */
export const events = {
  carrier_connected: 'A carrier account was connected; in the published shape.',
  'connection.updated': 'Credentials, settings or the primary mark of a connection were changed.',
  'connection.disconnected': 'A connection was removed.',
  'connection.needs_reauth':
    'The carrier refuses what is stored: the merchant has to authenticate again, or to have something opened there.',
  'connection.degraded': 'The carrier cannot be asked at the moment.',
  'connection.recovered': 'A connection works again.',
} as const

export type EventType = keyof typeof events

/** Published events of what Hawser does not do: rates, labels, tracking, orders, reports. They would never come. */
export const neverComing: readonly string[] = [
  'batch',
  'order_source_refresh_complete',
  'rate',
  'report_complete',
  'sales_orders_imported',
  'track',
]
