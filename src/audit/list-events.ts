import type { Actor, Context } from '../context.ts'
import { findAuditHead, listAuditEvents, readAuditChain, type AuditFilter } from '../store/audit.ts'
import { findConnectionNames, type ConnectionName } from '../store/connection-names.ts'
import type { AuditEvent } from '../store/schema.ts'
import { findBreak, GENESIS } from './chain.ts'

/** `connections` are those that the events are about, by what they are called or were. */
export type EventPage = {
  events: AuditEvent[]
  connections: ConnectionName[]
  total: number
  page: number
  pages: number
}

/** One page of the actor's audit log, newest first: events of its own environment, and of the account as a whole. */
export async function listEvents(
  { store }: Context,
  actor: Actor,
  filter: AuditFilter,
  { page, size }: { page: number; size: number },
): Promise<EventPage> {
  const { tenantId, environment } = actor
  return store.read(tenantId, async (db) => {
    const limits = { limit: size, offset: (page - 1) * size }
    const { events, total } = await listAuditEvents(db, tenantId, environment, filter, limits)
    const carrierIds = new Set(events.flatMap(({ carrier_id }) => carrier_id ?? []))
    const connections = await findConnectionNames(db, actor, [...carrierIds])
    return { events, connections, total, page, pages: Math.ceil(total / size) }
  })
}

const BATCH = 1_000

/** What is wrong with the record of a chain's newest event, which the next one is linked to. */
export type HeadFault = 'missing' | 'wrong'

/** A walked chain: how many events it has, the newest hash in hex, the first event that does not fit, and what is wrong with its head. */
export type Walk = { events: number; head: string; brokenAt?: number; headFault?: HeadFault }

/** Walks one tenant's chain from its start to the head that it had when the walk began, or beyond. */
export async function verifyChain({ store }: Context, tenantId: string): Promise<Walk> {
  const findHead = () => store.read(tenantId, (db) => findAuditHead(db, tenantId))
  const head = await findHead()
  let before: { seq: number; hash: Uint8Array } = { seq: 0, hash: GENESIS }
  const walked = (faults: Pick<Walk, 'brokenAt' | 'headFault'> = {}): Walk => ({
    events: before.seq,
    head: Buffer.from(before.hash).toString('hex'),
    ...faults,
  })
  for (;;) {
    const events = await store.read(tenantId, (db) => readAuditChain(db, tenantId, before.seq, BATCH))
    const brokenAt = findBreak(before, events)
    if (brokenAt !== undefined) return walked({ brokenAt })
    const atHead = events.find(({ seq }) => seq === head?.seq)
    if (head && atHead && !Buffer.from(atHead.hash).equals(head.hash)) return walked({ brokenAt: head.seq })
    before = events.at(-1) ?? before
    if (events.length < BATCH) break
  }
  // The first event of every tenant is its own creation, so that an empty chain is a cut one.
  if (before.seq < (head?.seq ?? 1)) return walked({ brokenAt: before.seq + 1 })
  // Looked for again: events that came during the walk moved it along.
  const newest = await findHead()
  if (!newest) return walked({ headFault: 'missing' })
  const isWrong =
    newest.seq < before.seq || (newest.seq === before.seq && !Buffer.from(newest.hash).equals(before.hash))
  return walked(isWrong ? { headFault: 'wrong' } : {})
}
