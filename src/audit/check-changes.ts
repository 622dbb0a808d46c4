import type { Context } from '../context.ts'
import { openChanges } from './sealed-changes.ts'
import { readAuditChanges } from '../store/tables/tenants/audit-changes.ts'
import { findAuditHead, findLastSeq, readAuditChain } from '../store/tables/tenants/audit.ts'
import type { AuditEvent } from '../store/schema/tables.ts'
import type { Action } from './actions.ts'

const PART = 500

/** An event with one of these actions erases the changes of its connection in all earlier events. */
const ERASING: ReadonlySet<string> = new Set<Action>(['connection.erased', 'tombstone.nickname_erased'])
const ERASING_ALL = 'tenant.deleted' satisfies Action

/**
 * Describes the result of checking the changes that one tenant’s audit log keeps: how many there are (`rows`), and how many were erased by a later event of the log (`erased`).
 * The lists hold sequence numbers of events: `unreadable` has the changes that were altered or moved, `missing` those that are gone although nothing erased them, and `foreign` those that belong to no event.
 */
export type ChangeCheck = {
  rows: number
  erased: number
  unreadable: number[]
  missing: number[]
  foreign: number[]
}

/** Opens the changes of every event of a tenant, a part at a time, and compares them with the event; keeps nothing of their contents. */
export async function checkChanges(
  ctx: Context,
  tenantId: string,
  { part = PART }: { part?: number } = {},
): Promise<ChangeCheck> {
  const found: ChangeCheck = { rows: 0, erased: 0, unreadable: [], missing: [], foreign: [] }
  const gone = new Gone()
  const head = await ctx.store.read(tenantId, (db) => findAuditHead(db, tenantId))
  // Events that come during the walk are not checked, but what they erase counts. Without a head no events come.
  const end = head?.seq ?? Infinity
  for (let after = 0; ;) {
    const { events, rows } = await ctx.store.read(tenantId, async (db) => {
      const chain = await readAuditChain(db, tenantId, after, part)
      const lastSeq = chain.at(-1)?.seq ?? after
      return { events: chain, rows: await readAuditChanges(db, tenantId, { after, lastSeq, limit: part }) }
    })
    const kept = new Map(rows.map((row) => [row.seq, row]))
    for (const event of events) {
      found.erased += gone.explain(event)
      if (!event.changes_hash || event.seq > end) continue
      const row = kept.get(event.seq)
      kept.delete(event.seq)
      if (!row) gone.add(event)
      else if (!openChanges(ctx, event, row.sealed)) found.unreadable.push(event.seq)
    }
    found.foreign.push(...[...kept.keys()].filter((seq) => seq <= end))
    found.rows += rows.filter(({ seq }) => seq <= end).length
    after = events.at(-1)?.seq ?? after
    if (events.length < part) break
  }
  found.foreign.push(...(await beyond(ctx, tenantId, part)))
  found.missing = gone.unexplained()
  return found
}

/** Returns the sequence numbers of changes that stand behind the last event and therefore belong to no event. Changes whose event has been added during this check are left out. */
async function beyond(ctx: Context, tenantId: string, limit: number): Promise<number[]> {
  const newest = await ctx.store.read(tenantId, (db) => findLastSeq(db, tenantId))
  const rows = await ctx.store.read(tenantId, (db) =>
    readAuditChanges(db, tenantId, { after: newest, limit }),
  )
  const now = await ctx.store.read(tenantId, (db) => findLastSeq(db, tenantId))
  return rows.map(({ seq }) => seq).filter((seq) => seq > now)
}

/** Collects the events whose changes are missing, until a later event says that these were erased. */
class Gone {
  readonly #seqs = new Map<string, number[]>()

  add(event: AuditEvent): void {
    const about = nameOf(event)
    const seqs = this.#seqs.get(about)
    if (seqs) seqs.push(event.seq)
    else this.#seqs.set(about, [event.seq])
  }

  /** Removes the events whose changes this event has erased, and returns how many they are. */
  explain(event: AuditEvent): number {
    const isAll = event.action === ERASING_ALL
    if (!isAll && !ERASING.has(event.action)) return 0
    const names = isAll ? [...this.#seqs.keys()] : [nameOf(event)]
    const seqs = names.flatMap((name) => this.#seqs.get(name) ?? [])
    for (const name of names) this.#seqs.delete(name)
    return seqs.length
  }

  unexplained(): number[] {
    return [...this.#seqs.values()].flat().sort((a, b) => a - b)
  }
}

const nameOf = ({ environment, carrier_id }: AuditEvent) => `${environment ?? ''} ${carrier_id ?? ''}`
