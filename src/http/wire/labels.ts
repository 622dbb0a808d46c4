import { formSchema, type JsonSchema } from '../../catalog/forms/json-schema.ts'
import type { LabelResult } from '../../manifests/import-labels.ts'
import { LABEL_STATUSES, labelFields, MOST_LABELS } from '../../manifests/label-form.ts'
import type { ShownLabel } from '../../manifests/labels.ts'
import { errorEntry } from '../server/errors.ts'
import { closed, none, errorEntry as errorSchema, paged, seId } from '../openapi/schemas.ts'

const text: JsonSchema = { type: 'string' }
const time: JsonSchema = { type: 'string', format: 'date-time' }
const nothing: JsonSchema = { type: 'null' }
const count: JsonSchema = { type: 'integer', minimum: 0 }
const orNull = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, nothing] })

export const labelsBody = closed({
  labels: { type: 'array', minItems: 1, maxItems: MOST_LABELS, items: formSchema(labelFields) },
})

const OUTCOMES = ['imported', 'updated', 'unchanged', 'refused'] as const
export const importAnswer = closed({
  ...Object.fromEntries(OUTCOMES.map((outcome) => [outcome, count])),
  results: {
    type: 'array',
    items: closed({
      index: count,
      label_id: orNull(seId),
      outcome: { enum: [...OUTCOMES] },
      errors: { type: 'array', items: errorSchema },
    }),
  },
})

/** `labelAnswer` is the schema of the published label object. */
export const labelAnswer = closed(
  {
    label_id: seId,
    status: { enum: [...LABEL_STATUSES] },
    external_shipment_id: orNull(text),
    external_order_id: nothing,
    ship_date: time,
    created_at: time,
    rate_details: none,
    tracking_number: text,
    rma_number: nothing,
    carrier_id: text,
    service_code: text,
    voided: { type: 'boolean' },
    voided_at: orNull(time),
    label_image_id: nothing,
    carrier_code: text,
    tracking_status: { enum: ['unknown'] },
    label_download: closed({}),
    form_download: nothing,
    qr_code_download: nothing,
    paperless_download: nothing,
    insurance_claim: nothing,
    packages: none,
    alternative_identifiers: nothing,
    tracking_url: nothing,
    void_type: nothing,
    refund_details: nothing,
  },
  ['service_code'],
)
export const labelPage = closed({ labels: { type: 'array', items: labelAnswer }, ...paged })

/** Returns a label in the published shape; a member that is not known is left out where it may not be `null`. */
export function labelObject({ label, carrierCode }: ShownLabel) {
  return {
    label_id: label.label_id,
    status: label.status,
    external_shipment_id: label.external_shipment_id,
    external_order_id: null,
    ship_date: dayObject(label.ship_date),
    created_at: label.created_at,
    rate_details: [],
    tracking_number: label.tracking_number,
    rma_number: null,
    carrier_id: label.carrier_id,
    ...(label.service_code === null ? {} : { service_code: label.service_code }),
    voided: label.status === 'voided',
    voided_at: label.voided_at,
    label_image_id: null,
    carrier_code: carrierCode,
    tracking_status: 'unknown',
    label_download: {},
    form_download: null,
    qr_code_download: null,
    paperless_download: null,
    insurance_claim: null,
    packages: [],
    alternative_identifiers: null,
    tracking_url: null,
    void_type: null,
    refund_details: null,
  }
}

/** Returns a day in the published form, which is its midnight in UTC. */
export const dayObject = (day: string): string => `${day}T00:00:00.000Z`

/** Returns the result of each imported entry, in order, and the number of entries with each result. */
export function importObject(results: readonly LabelResult[]) {
  const many = (outcome: LabelResult['outcome']) =>
    results.filter((result) => result.outcome === outcome).length
  return {
    ...Object.fromEntries(OUTCOMES.map((outcome) => [outcome, many(outcome)])),
    results: results.map(({ outcome, labelId, problems }, index) => ({
      index,
      label_id: labelId,
      outcome,
      errors: problems.map(errorEntry),
    })),
  }
}
