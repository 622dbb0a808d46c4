import type { ParcelCarrier } from '../catalog/define.ts'
import { parcelCarriers } from '../catalog/index.ts'
import { formSchema, type JsonSchema } from '../catalog/forms/json-schema.ts'
import { connectForm } from './form/carrier-forms.ts'
import { requireCarrier } from './request/require.ts'

/** A carrier as the catalog shows it: what it is, whether it can be connected, and a JSON Schema for each form it has. */
export type CatalogEntry = {
  carrier: ParcelCarrier
  connect: JsonSchema | null
  update: JsonSchema | null
  settings: JsonSchema | null
}

/** Every parcel carrier, those that cannot be connected too. */
export function listCatalog(): CatalogEntry[] {
  return parcelCarriers.map(describeCarrier)
}

/** One carrier, by name or alias. */
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
