import type { Label } from '../store/schema/tables.ts'

const MOST_SHIPMENTS = 500

/** Splits labels into the groups that manifests take: each of one warehouse and one ship date, of 500 labels at most, earliest day first. */
export function splitLabels(labels: readonly Label[]): Label[][] {
  const groups = Map.groupBy(labels, ({ ship_date, warehouse_id }) => `${ship_date} ${warehouse_id ?? ''}`)
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, group]) =>
      Array.from({ length: Math.ceil(group.length / MOST_SHIPMENTS) }, (_, part) =>
        group.slice(part * MOST_SHIPMENTS, (part + 1) * MOST_SHIPMENTS),
      ),
    )
}
