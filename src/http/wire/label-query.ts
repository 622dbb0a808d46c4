import { isServiceCode, LABEL_STATUSES } from '../../manifests/label-form.ts'
import type { LabelFilter, LabelOrder } from '../../manifests/labels.ts'
import type { QueryParameter } from '../openapi/describe.ts'
import { failFields } from '../../errors.ts'
import {
  pageParameters,
  readCarrierId,
  readChoice,
  readForm,
  readId,
  readLast,
  readPage,
  readTime,
} from './query.ts'

const MOST = 500
const USUAL = 25
const REFUNDS = ['request_scheduled', 'pending', 'approved', 'rejected', 'excluded']
const ORDERS = ['modified_at', 'created_at', 'voided_at'] as const
const DIRECTIONS = ['asc', 'desc'] as const

const text = { type: 'string' }
const time = { type: 'string', format: 'date-time' }
const NEVER = 'Nothing here has one: a value finds no label.'

/** `filters` has the parameters that select and sort labels. */
const filters: QueryParameter[] = [
  { name: 'label_status', about: 'Labels in this status.', schema: { enum: [...LABEL_STATUSES] } },
  { name: 'service_code', about: 'Of this service.', schema: text },
  { name: 'carrier_id', about: 'Of this connection.', schema: text },
  { name: 'tracking_number', about: 'With this tracking number.', schema: { ...text, minLength: 1 } },
  { name: 'batch_id', about: NEVER, schema: text },
  { name: 'rate_id', about: NEVER, schema: text },
  { name: 'shipment_id', about: NEVER, schema: text },
  { name: 'warehouse_id', about: 'From this warehouse.', schema: text },
  { name: 'created_at_start', about: 'Recorded at this time or later.', schema: time },
  {
    name: 'created_at_end',
    about: 'Recorded at this time or earlier; a plain day is meant whole.',
    schema: time,
  },
  {
    name: 'open',
    about:
      '`true`: only those that wait for a manifest, as a delete of their connection does, by ship date. Takes a `carrier_id`, and no order.',
    schema: { enum: ['true'] },
  },
  { name: 'refund_status', about: `${NEVER} Several stand with commas between them.`, schema: text },
  {
    name: 'sort_by',
    about: 'What they are sorted by.',
    schema: { enum: [...ORDERS], default: 'created_at' },
  },
  { name: 'sort_dir', about: 'Which way.', schema: { enum: [...DIRECTIONS], default: 'desc' } },
]
export const labelQuery: readonly QueryParameter[] = [...filters, ...pageParameters('Labels', { most: MOST })]

/** Reads the filter, the order and the page of a list of labels from a query, with the names of the parameters that a link to another page repeats; refuses a bad query with 400. */
export function readLabelQuery(query: Readonly<Record<string, unknown>>) {
  const isOpen = readChoice(query, 'open', ['true']) !== undefined
  const filter: { [Name in keyof LabelFilter]: LabelFilter[Name] | undefined } = {
    isOpen: isOpen || undefined,
    status: readChoice(query, 'label_status', LABEL_STATUSES),
    serviceCode: readForm(query, 'service_code', isServiceCode, 'must have the form of a service code'),
    carrierId: readCarrierId(query),
    trackingNumber: readForm(query, 'tracking_number', (number) => number !== '', 'must not be empty'),
    warehouseId: readId(query, 'warehouse_id'),
    createdFrom: readTime(query, 'created_at_start'),
    createdTo: readLast(query, 'created_at_end'),
  }
  const isRefund = (list: string) => list.split(',').every((status) => REFUNDS.includes(status))
  const refund = readForm(query, 'refund_status', isRefund, `must be some of ${REFUNDS.join(', ')}`)
  const absent = ['batch_id', 'rate_id', 'shipment_id'].map((name) => readId(query, name))
  const isNone = [...absent, refund].some((value) => value !== undefined)
  const order = readOrder(query)
  if (isOpen && !filter.carrierId)
    failFields([{ kind: 'required', field: 'carrier_id', message: 'carrier_id is required with open.' }])
  if (isOpen && order)
    failFields([
      {
        kind: 'conflict',
        field: order.named,
        message: `${order.named} and open say different orders; send one.`,
      },
    ])
  const isOther = isOpen && (filter.status ?? 'completed') !== 'completed'
  return {
    filter:
      isNone || isOther
        ? ('none' as const)
        : (Object.fromEntries(
            Object.entries(filter).filter(([, value]) => value !== undefined),
          ) as LabelFilter),
    order: isOpen ? OLDEST_SHIP_DATE : (order ?? NEWEST),
    page: readPage(query, MOST, USUAL) ?? { page: 1, size: USUAL },
    names: filters.map(({ name }) => name),
  }
}

const NEWEST: LabelOrder = { by: 'created_at', direction: 'desc' }
const OLDEST_SHIP_DATE: LabelOrder = { by: 'ship_date', direction: 'asc' }

/** Reads the order from a query, with the parameter that sets it; returns `undefined` where the query sets no order. */
function readOrder(query: Readonly<Record<string, unknown>>): (LabelOrder & { named: string }) | undefined {
  const by = readChoice(query, 'sort_by', ORDERS)
  const direction = readChoice(query, 'sort_dir', DIRECTIONS)
  if (!by && !direction) return undefined
  return {
    by: by ?? NEWEST.by,
    direction: direction ?? NEWEST.direction,
    named: by ? 'sort_by' : 'sort_dir',
  }
}

const DOWNLOADS = ['url', 'inline'] as const

/** `downloadType` is a published parameter without effect, since Hawser has no documents of labels. */
export const downloadType: QueryParameter = {
  name: 'label_download_type',
  about: 'Changes nothing: Hawser has no documents of labels.',
  schema: { enum: [...DOWNLOADS] },
}

/** Refuses with 400 a download type that the published API does not have. */
export function readDownloadType(query: Readonly<Record<string, unknown>>): void {
  readChoice(query, downloadType.name, DOWNLOADS)
}
