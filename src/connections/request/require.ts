import { carrierCodeOf } from '../../catalog/carrier-code.ts'
import { isOffered } from '../../catalog/credential-fields.ts'
import type { Carrier, LtlCarrier, ParcelCarrier } from '../../catalog/define.ts'
import { findByScac, findCarrier, storedCarrier } from '../../catalog/find-carrier.ts'
import { suggestCarrier, suggestScac } from '../../catalog/suggest-carrier.ts'
import type { Actor, Context } from '../../context.ts'
import { fail } from '../../errors.ts'
import { isId, isLtlId } from '../../ids.ts'
import { findConnection } from '../../store/tables/connections/connections.ts'
import type { ConnectionKey } from '../../store/scope.ts'
import type { Connection } from '../../store/schema/tables.ts'

/** Returns the parcel carrier that a path names; refuses an unknown name with 404. */
export function requireCarrier(name: string): ParcelCarrier {
  return (
    findCarrier(name) ?? fail('carrier_unknown', `There is no carrier of this name.${suggestCarrier(name)}`)
  )
}

/** Returns the LTL carrier that a SCAC names in this environment; refuses any other SCAC with 400, as the public API answers it. */
export function requireLtlCarrier(scac: string, environment: Actor['environment']): LtlCarrier {
  const carrier = findByScac(scac)
  if (carrier && isOffered(carrier, environment)) return carrier
  const advice = suggestScac(scac)
  return fail('scac_unknown', advice === '' ? 'Invalid carrier SCAC' : `Invalid carrier SCAC. ${advice}`)
}

/** Refuses a carrier that nobody can connect, with the reason. */
export function requireConnectable(carrier: Carrier): void {
  if (!carrier.closed) return
  fail('carrier_not_connectable', `${carrier.title} cannot be connected. ${carrier.closed.reason}`, {
    carrierCode: carrierCodeOf(carrier),
  })
}

const hasForm = (mode: Carrier['mode'], id: string): boolean => (mode === 'ltl' ? isLtlId(id) : isId(id))

/** Refuses a text that cannot be the id of a connection of either mode. */
export function requireIdOfEither(carrierId: string): void {
  if (!isLtlId(carrierId)) requireCarrierId('parcel', carrierId)
}

/** Refuses a text that cannot be the id of a connection of this mode. */
export function requireCarrierId(mode: Carrier['mode'], carrierId: string): void {
  if (!hasForm(mode, carrierId))
    fail('carrier_id_malformed', 'The carrier_id in the path does not have the form of one.', {
      fieldName: 'carrier_id',
    })
}

/** Refuses with one and the same answer (404) an absent id, one of another tenant, and one of another carrier. */
export function refuseUnknownConnection(): never {
  return fail('connection_unknown', 'There is no carrier connection with this carrier_id.', {
    fieldName: 'carrier_id',
  })
}

/** Returns the key that a connection of the actor is stored under. */
export const connectionKey = ({ tenantId, environment }: Actor, carrierId: string): ConnectionKey => ({
  tenantId,
  environment,
  carrierId,
})

/** Returns the actor’s connection with this mode and id, and of `carrier` where one is given; refuses any other with 404. */
export async function requireConnection(
  { store }: Context,
  actor: Actor,
  { mode, carrierId, carrier }: { mode: Carrier['mode']; carrierId: string; carrier?: Carrier | undefined },
): Promise<Connection> {
  requireCarrierId(mode, carrierId)
  const connection = await store.read(actor.tenantId, (db) =>
    findConnection(db, connectionKey(actor, carrierId)),
  )
  if (!connection || connection.mode !== mode || (carrier && connection.carrier !== carrier.id))
    return refuseUnknownConnection()
  return connection
}

/** Returns the carrier of a stored connection; the catalog keeps every carrier for ever. */
export function carrierOf(connection: Pick<Connection, 'carrier'>): Carrier {
  return storedCarrier(connection.carrier)
}
