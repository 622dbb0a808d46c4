import type { ParcelCarrier } from '../catalog/define.ts'
import { parcelCarriers } from '../catalog/index.ts'
import { formSchema, type JsonSchema } from '../catalog/forms/json-schema.ts'
import { connectForm } from './form/carrier-forms.ts'
import { requireCarrier } from './request/require.ts'

/** A catalog entry is a carrier with a JSON Schema for each form that it has; `connect` is `null` where the carrier cannot be connected. */
export type CatalogEntry = {
  carrier: ParcelCarrier
  connect: JsonSchema | null
  update: JsonSchema | null
  settings: JsonSchema | null
}

/** Lists every parcel carrier, including those that cannot be connected. */
export function listCatalog(): CatalogEntry[] {
  return parcelCarriers.map(describeCarrier)
}

/** Returns the catalog entry of the parcel carrier with this name or alias; refuses an unknown name with 404. */
export function showCatalog(carrierName: string): CatalogEntry {
  return describeCarrier(requireCarrier(carrierName))
}

function describeCarrier(carrier: ParcelCarrier): CatalogEntry {
  const { fields, together } = connectForm(carrier)
  const { spellings } = carrier
  return {
    carrier,
    connect: carrier.closed ? null : formSchema(fields, together, spellings),
    update: carrier.update ? formSchema(carrier.update, [], spellings) : null,
    settings: carrier.settings ? formSchema(carrier.settings) : null,
  }
}
