import type { FastifyRequest } from 'fastify'
import { MOST_RESTORE_DAYS, OPEN_SHIPMENTS } from '../../connections/deletes/policy-form.ts'
import type { ConnectionPolicy } from '../../connections/deletes/connection-policy.ts'
import type { Dependents } from '../../connections/deletes/dependents.ts'
import type { DisconnectRequest } from '../../connections/deletes/disconnect.ts'
import type { TombstonePage } from '../../connections/deletes/deleted-connections.ts'
import { connectedNameOf } from '../../catalog/carrier-code.ts'
import type { JsonSchema } from '../../catalog/forms/json-schema.ts'
import { ifMatchOf } from './outcome.ts'
import type { QueryParameter } from '../openapi/describe.ts'
import { requireParameterScopes } from '../server/known-parameters.ts'
import { readFlag } from './query.ts'
import { closed, manifestNeed } from '../openapi/schemas.ts'
import { manifestNeedObject } from './connections.ts'

const text: JsonSchema = { type: 'string' }
const nullableText: JsonSchema = { type: ['string', 'null'] }
const time: JsonSchema = { type: 'string', format: 'date-time' }
const nullableTime: JsonSchema = { anyOf: [time, { type: 'null' }] }
const number: JsonSchema = { type: 'integer', minimum: 0 }
const choice: JsonSchema = { enum: [...OPEN_SHIPMENTS] }
const because: JsonSchema = { enum: ['carrier', 'connection', 'account'] }

/** `deleteParameters` has the query parameters of every route that disconnects. */
export const deleteParameters: QueryParameter[] = [
  {
    name: 'force',
    about: '`true` deletes over open shipments; for keys with the scope `admin`, and on record.',
    schema: { type: 'boolean' },
    scope: 'admin',
  },
  {
    name: 'purge',
    about: '`true` erases at once what could be restored otherwise, also of a connection deleted before.',
    schema: { type: 'boolean' },
  },
]

/** Reads from a request how a connection is to be disconnected; refuses with 403 a key that lacks the scope of a parameter. */
export function deleteWishOf(request: FastifyRequest): DisconnectRequest {
  const query = request.query as Record<string, unknown>
  const force = readFlag(query, 'force') ?? false
  const purge = readFlag(query, 'purge') ?? false
  requireParameterScopes(request)
  return { ifMatch: ifMatchOf(request), force, purge }
}

export const dependentsAnswer = closed({
  carrier_id: text,
  carrier: text,
  open_labels: closed({ count: number, oldest_ship_date: nullableText }),
  manifest: manifestNeed,
  delete: closed({ outcome: { enum: ['allowed', 'warned', 'refused'] }, because }),
  next_check_at: nullableTime,
  live_leases: closed({ count: number, until: nullableTime }),
  webhook_ids: { type: 'array', items: text },
  primary: { type: 'boolean' },
  next_primary: nullableText,
  restorable_until: nullableTime,
})

/** Returns the answer that shows what depends on a connection, and what a delete would do. */
export function dependentsObject(found: Dependents) {
  const { connection, carrier, decision, manifest, leases } = found
  return {
    carrier_id: connection.carrier_id,
    carrier: connectedNameOf(carrier, connection.scac),
    open_labels: { count: decision.open.count, oldest_ship_date: decision.open.oldestShipDate },
    manifest: manifestNeedObject(manifest),
    delete: { outcome: decision.outcome, because: decision.rule.because },
    next_check_at: found.nextCheckAt,
    live_leases: leases,
    webhook_ids: found.webhookIds,
    primary: connection.is_primary === 1,
    next_primary: found.heir,
    restorable_until: found.restorableUntil,
  }
}

export const connectionPolicyAnswer = closed({
  open_shipments: { enum: [...OPEN_SHIPMENTS, null] },
  in_force: closed({ open_shipments: { enum: [...OPEN_SHIPMENTS, 'allow'] }, because }),
})
export const connectionPolicyBody = closed({ open_shipments: { enum: [...OPEN_SHIPMENTS, null] } }, [
  'open_shipments',
])

/** Returns the answer that shows the delete policy of a connection, and the policy that is in force. */
export const connectionPolicyObject = ({ own, rule }: ConnectionPolicy) => ({
  open_shipments: own,
  in_force: { open_shipments: rule.does, because: rule.because },
})

const days: JsonSchema = { type: 'integer', minimum: 0, maximum: MOST_RESTORE_DAYS }
export const deletePolicyAnswer = closed({ open_shipments: choice, restore_days: days })
export const deletePolicyBody = closed(
  {
    open_shipments: { enum: [...OPEN_SHIPMENTS, null] },
    restore_days: { ...days, type: ['integer', 'null'] },
  },
  ['open_shipments', 'restore_days'],
)

export const tombstonePage = closed({
  tombstones: {
    type: 'array',
    items: closed({
      carrier_id: text,
      mode: { enum: ['parcel', 'ltl'] },
      carrier: text,
      nickname: nullableText,
      created_at: time,
      deleted_at: time,
      restorable_until: nullableTime,
      erased_at: nullableTime,
    }),
  },
  total: number,
  page: { type: 'integer', minimum: 1 },
  pages: number,
})

/** Returns the answer that shows one deleted connection. */
export const tombstoneObject = ({ tombstone, carrier }: TombstonePage['tombstones'][number]) => ({
  carrier_id: tombstone.carrier_id,
  mode: carrier.mode,
  carrier: connectedNameOf(carrier, tombstone.scac),
  nickname: tombstone.nickname,
  created_at: tombstone.created_at,
  deleted_at: tombstone.deleted_at,
  restorable_until: tombstone.erase_after,
  erased_at: tombstone.erased_at,
})
