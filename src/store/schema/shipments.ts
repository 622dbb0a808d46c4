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
  /** The carrier of the connection, which may be gone. */
  carrier: string
  tracking_number: string
  status: LabelStatus
  /** A day: `YYYY-MM-DD`. */
  ship_date: string
  warehouse_id: string | null
  service_code: string | null
  external_shipment_id: string | null
  created_at: Time
  modified_at: Time
  voided_at: Time | null
  manifest_id: string | null
}

/** How many labels there are of one kind; an empty text stands for what labels do not say. */
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
  /** Of the completed ones, those that are in no manifest. */
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
  /** When it was made, as told; `recorded_at` is when it was told. */
  created_at: Time
  recorded_at: Time
}
