import type { Carrier, Fields, LtlCarrier, ParcelCarrier } from './define.ts'
import { ltlCarriers, parcelCarriers } from './index.ts'

const byName = new Map(
  parcelCarriers.flatMap((carrier) => [carrier.name, ...carrier.aliases].map((name) => [name, carrier])),
)
const byScac = new Map(ltlCarriers.flatMap((carrier) => carrier.scacs.map((scac) => [scac, carrier])))
const byId = new Map<string, Carrier>(
  [...parcelCarriers, ...ltlCarriers].map((carrier) => [carrier.id, carrier]),
)

/** Finds the parcel carrier of this name or alias, in any letter case, with `-` read as `_`. */
export function findCarrier(name: string): ParcelCarrier | undefined {
  return byName.get(name.toLowerCase().replaceAll('-', '_'))
}

/** Finds the LTL carrier that owns this SCAC, in any letter case. */
export function findByScac(scac: string): LtlCarrier | undefined {
  return byScac.get(scac.toUpperCase())
}

/** Finds the carrier of this immutable id, by which stored connections name their carrier. */
export function findCarrierById(id: string): Carrier | undefined {
  return byId.get(id)
}

/** Returns the carrier that a stored row names; throws where the catalog does not have it. */
export function storedCarrier(id: string): Carrier {
  const carrier = findCarrierById(id)
  if (!carrier) throw new Error('A stored row names a carrier that the catalog does not have.')
  return carrier
}

const WIRE_NAMES = [
  'allow_duplicate_account_number',
  'carrier_code',
  'carrier_id',
  'carrier_name',
  'credentials',
]

const fieldNames = new Set([
  ...WIRE_NAMES,
  ...parcelCarriers.flatMap(({ connect, update = {}, settings = {}, spellings }) => [
    ...namesOf(connect),
    ...namesOf(update),
    ...namesOf(settings),
    ...Object.keys(spellings),
  ]),
  ...ltlCarriers.flatMap(({ credentials }) => namesOf(credentials)),
])

function namesOf(fields: Fields): string[] {
  return Object.entries(fields).flatMap(([name, field]) =>
    field.type === 'object' ? [name, ...namesOf(field.members)] : [name],
  )
}

/** Tells whether some carrier has a field of this name; an answer may then repeat the name. */
export function isFieldName(name: string): boolean {
  return fieldNames.has(name)
}
