import type { Context } from '../context.ts'
import { connectedNameOf } from '../catalog/carrier-code.ts'
import { storedCarrier } from '../catalog/find-carrier.ts'
import type { Connection } from '../store/schema/tables.ts'
import type { EventType } from './events.ts'

/** Details are what a change of state adds to a message: Hawser's own words and times, and never a carrier's text. */
export type AnnouncementDetails = {
  state?: string
  previous_state?: string
  since?: string
  checked_at?: string
}

const MOST_BYTES = 20 * 1_024

/** Writes the body of a message with the ids, states, versions and times of a connection; `carrier_connected` has the published shape. Throws where the body is larger than 20 KiB. */
export function payloadOf(
  { config }: Pick<Context, 'config'>,
  connection: Connection,
  { type, at, details }: { type: EventType; at: string; details: AnnouncementDetails },
): string {
  const data = { ...factsOf(type, connection), ...details }
  const text = JSON.stringify(
    type === 'carrier_connected'
      ? {
          resource_url: config.publicUrl + resourcePath(connection),
          resource_type: 'API_CARRIER_CONNECTED',
          data,
        }
      : { type, timestamp: at, data },
  )
  if (Buffer.byteLength(text) > MOST_BYTES) throw new Error('The payload of a webhook grew too large.')
  return text
}

const resourcePath = ({ mode, carrier_id }: Connection) =>
  `${mode === 'ltl' ? '/v-beta/ltl/carriers' : '/v1/carriers'}/${carrier_id}`

function factsOf(type: EventType, connection: Connection) {
  return {
    carrier_id: connection.carrier_id,
    carrier_code: connectedNameOf(storedCarrier(connection.carrier), connection.scac),
    environment: connection.environment,
    version: connection.version,
    // Every change increases the version by one.
    ...(type === 'connection.updated' ? { previous_version: connection.version - 1 } : {}),
    credentials_version: connection.credentials_version,
    connection_status: connection.connection_status,
  }
}
