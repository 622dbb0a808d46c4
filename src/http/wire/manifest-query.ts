import { isId } from '../../ids.ts'
import type { ManifestFilter } from '../../manifests/manifests.ts'
import type { QueryParameter } from '../openapi/describe.ts'
import {
  pageParameters,
  readCarrierId,
  readDay,
  readForms,
  readId,
  readLast,
  readPage,
  readTime,
} from './query.ts'

/** `MOST` is the largest number of manifests on a page; it is smaller than in other lists, since each manifest has the ids of its labels. */
const MOST = 100
const USUAL = 25

const text = { type: 'string' }
const time = { type: 'string', format: 'date-time' }

/** `filters` has the parameters that select manifests. */
const filters: QueryParameter[] = [
  { name: 'warehouse_id', about: 'From this warehouse.', schema: text },
  { name: 'ship_date_start', about: 'For this day or later.', schema: time },
  { name: 'ship_date_end', about: 'For this day or earlier.', schema: time },
  { name: 'created_at_start', about: 'Made at this time or later.', schema: time },
  {
    name: 'created_at_end',
    about: 'Made at this time or earlier; a plain day is meant whole.',
    schema: time,
  },
  { name: 'carrier_id', about: 'Of this connection.', schema: text },
  {
    name: 'label_ids',
    about: 'With any of these labels; repeated for each.',
    schema: { type: 'array', items: text },
  },
]
export const manifestQuery: readonly QueryParameter[] = [
  ...filters,
  ...pageParameters('Manifests', { most: MOST }),
]

/** Reads the filter and the page of a list of manifests from a query, with the names of the parameters that a link to another page repeats; refuses a bad query with 400. */
export function readManifestQuery(query: Readonly<Record<string, unknown>>) {
  const filter: { [Name in keyof ManifestFilter]: ManifestFilter[Name] | undefined } = {
    warehouseId: readId(query, 'warehouse_id'),
    shipDateFrom: readDay(query, 'ship_date_start'),
    shipDateTo: readDay(query, 'ship_date_end'),
    createdFrom: readTime(query, 'created_at_start'),
    createdTo: readLast(query, 'created_at_end'),
    carrierId: readCarrierId(query),
    labelIds: readForms(query, 'label_ids', isId, 'must be ids'),
  }
  return {
    filter: Object.fromEntries(
      Object.entries(filter).filter(([, value]) => value !== undefined),
    ) as ManifestFilter,
    page: readPage(query, MOST, USUAL) ?? { page: 1, size: USUAL },
    names: filters.map(({ name }) => name),
  }
}
