import type { Context } from '../context.ts'
import { openChanges } from './sealed-changes.ts'
import { readAuditChanges } from '../store/tables/tenants/audit-changes.ts'
import { findAuditHead, findLastSeq, readAuditChain } from '../store/tables/tenants/audit.ts'
import type { AuditEvent } from '../store/schema/tables.ts'
import type { Action } from './actions.ts'

const PART = 500

/** What erases the changes of the connection that it is about, all that came before it. */
const ERASING: ReadonlySet<string> = new Set<Action>(['connection.erased', 'tombstone.nickname_erased'])
const ERASING_ALL = 'tenant.deleted' satisfies Action

/**
 * What one tenant's log keeps of changes: how many are there, how many were erased as the log itself says; and by the numbers of their events those that
 * were altered or moved, those that are gone though nothing erased them, and those that belong to no event.
 */
export type ChangeCheck = {
  rows: number
  erased: number
  unreadable: number[]
  missing: number[]
  foreign: number[]
}

/** Opens what every event of a tenant changed, a part at a time, and holds it against the event; keeps nothing of what is in it. */
export async function checkChanges(
  ctx: Context,
  tenantId: string,
  { part = PART }: { part?: number } = {},
): Promise<ChangeCheck> {
  const found: ChangeCheck = { rows: 0, erased: 0, unreadable: [], missing: [], foreign: [] }
  const gone = new Gone()
  const head = await ctx.store.read(tenantId, (db) => findAuditHead(db, tenantId))
  // What comes during the walk is not looked at; only what it erases is. Without a head nothing comes.
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

/** Rows behind the last event; what has got its event meanwhile is none. */
async function beyond(ctx: Context, tenantId: string, limit: number): Promise<number[]> {
  const newest = await ctx.store.read(tenantId, (db) => findLastSeq(db, tenantId))
  const rows = await ctx.store.read(tenantId, (db) =>
    readAuditChanges(db, tenantId, { after: newest, limit }),
  )
  const now = await ctx.store.read(tenantId, (db) => findLastSeq(db, tenantId))
  return rows.map(({ seq }) => seq).filter((seq) => seq > now)
}

/** Events without their changes, until an event that comes later says that they were erased. */
class Gone {
  readonly #seqs = new Map<string, number[]>()

  add(event: AuditEvent): void {
    const about = nameOf(event)
    const seqs = this.#seqs.get(about)
    if (seqs) seqs.push(event.seq)
    else this.#seqs.set(about, [event.seq])
  }

  /** How many of them this event explains. */
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
