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

/** A walked chain: how many events it has, the newest hash in hex, and the first event that does not fit. */
export type Walk = { events: number; head: string; brokenAt?: number }

/** Walks one tenant's chain from its start to the head that it had when the walk began, or beyond. */
export async function verifyChain({ store }: Context, tenantId: string): Promise<Walk> {
  const head = await store.read(tenantId, (db) => findAuditHead(db, tenantId))
  let before: { seq: number; hash: Uint8Array } = { seq: 0, hash: GENESIS }
  const walked = (brokenAt?: number): Walk => ({
    events: before.seq,
    head: Buffer.from(before.hash).toString('hex'),
    ...(brokenAt === undefined ? {} : { brokenAt }),
  })
  for (;;) {
    const events = await store.read(tenantId, (db) => readAuditChain(db, tenantId, before.seq, BATCH))
    const brokenAt = findBreak(before, events)
    if (brokenAt !== undefined) return walked(brokenAt)
    const atHead = events.find(({ seq }) => seq === head?.seq)
    if (head && atHead && !Buffer.from(atHead.hash).equals(head.hash)) return walked(head.seq)
    before = events.at(-1) ?? before
    // The first event of every tenant is its own creation, so that an empty chain is a cut one.
    if (events.length < BATCH) return walked(before.seq < (head?.seq ?? 1) ? before.seq + 1 : undefined)
  }
}
