import type { Environment } from './tables.ts'

/** Times are ISO 8601 in UTC with milliseconds. */
type Time = string

export const LABEL_STATUSES = ['processing', 'completed', 'error', 'voided'] as const
export type LabelStatus = (typeof LABEL_STATUSES)[number]

export type LabelTable = {
  tenant_id: string
  environment: Environment
  label_id: string
  carrier_id: string
  /** `carrier` is the carrier of the connection, which may no longer exist. */
  carrier: string
  tracking_number: string
  status: LabelStatus
  /** `ship_date` is a day in the form `YYYY-MM-DD`. */
  ship_date: string
  warehouse_id: string | null
  service_code: string | null
  external_shipment_id: string | null
  created_at: Time
  modified_at: Time
  voided_at: Time | null
  manifest_id: string | null
}

/** A label count holds the numbers of labels of one connection, warehouse and service; an empty text stands for a warehouse or service that the labels do not name. */
export type LabelCountTable = {
  tenant_id: string
  environment: Environment
  carrier_id: string
  warehouse_id: string
  service_code: string
  processing: number
  completed: number
  error: number
  voided: number
  /** `open` is the number of completed labels that stand in no manifest. */
  open: number
}

export type ManifestTable = {
  tenant_id: string
  environment: Environment
  manifest_id: string
  carrier_id: string
  warehouse_id: string | null
  ship_date: string
  shipments: number
  submission_id: string | null
  download: string | null
  /** `created_at` is the time at which the manifest was made, as the request gave it; `recorded_at` is the time of that request. */
  created_at: Time
  recorded_at: Time
}
