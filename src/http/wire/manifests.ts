import { formSchema, type JsonSchema } from '../../catalog/forms/json-schema.ts'
import { labelFields } from '../../manifests/label-form.ts'
import { manifestFields, MOST_MANIFESTED } from '../../manifests/manifest-form.ts'
import type { ShownManifest } from '../../manifests/manifests.ts'
import { dayObject } from './labels.ts'
import { closed, none, paged, requestId, seId } from '../openapi/schemas.ts'

const text: JsonSchema = { type: 'string' }
const time: JsonSchema = { type: 'string', format: 'date-time' }
const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items })

const form = formSchema(manifestFields)
const names = formSchema({ label_ids: labelFields.label_id!, tracking_numbers: labelFields.tracking_number! })
  .properties as Record<string, JsonSchema>
const listed = Object.fromEntries(
  Object.entries(names).map(([name, items]) => [
    name,
    { type: 'array', minItems: 1, maxItems: MOST_MANIFESTED, items },
  ]),
)
export const manifestBody: JsonSchema = {
  ...form,
  properties: { ...(form.properties as Record<string, JsonSchema>), ...listed },
  oneOf: Object.keys(listed).map((name) => ({ required: [name] })),
}

const manifest = {
  manifest_id: seId,
  form_id: seId,
  created_at: time,
  ship_date: time,
  shipments: { type: 'integer', minimum: 1 },
  label_ids: list(seId),
  warehouse_id: { anyOf: [seId, { type: 'null' }] },
  submission_id: { type: 'string', minLength: 1 },
  carrier_id: text,
  manifest_download: closed({ href: text }, ['href']),
}
export const manifestAnswer = closed(manifest)
export const manifestPage = closed({ manifests: list(manifestAnswer), ...paged })
export const manifestsAnswer = closed({
  ...manifest,
  manifests: list(manifestAnswer),
  manifest_requests: none,
  request_id: requestId,
  errors: none,
})

/** Returns a manifest in the published shape; its own id is the `submission_id` where the carrier gave none. */
export function manifestObject({ manifest, labelIds }: ShownManifest) {
  return {
    manifest_id: manifest.manifest_id,
    form_id: manifest.manifest_id,
    created_at: manifest.created_at,
    ship_date: dayObject(manifest.ship_date),
    shipments: manifest.shipments,
    label_ids: labelIds,
    warehouse_id: manifest.warehouse_id,
    submission_id: manifest.submission_id ?? manifest.manifest_id,
    carrier_id: manifest.carrier_id,
    manifest_download: manifest.download === null ? {} : { href: manifest.download },
  }
}

/** Returns manifests in the shape that the published creation answers, which repeats the members of the first manifest at the top. */
export function manifestsObject(manifests: readonly ShownManifest[], request_id: string) {
  const shown = manifests.map(manifestObject)
  return { ...shown[0], manifests: shown, manifest_requests: [], request_id, errors: [] }
}
