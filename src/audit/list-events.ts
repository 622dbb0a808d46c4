import type { Actor, Context } from '../context.ts'
import { findAuditHead, listAuditEvents, readAuditChain, type AuditFilter } from '../store/audit.ts'
import type { AuditEvent } from '../store/schema.ts'
import { findBreak, GENESIS } from './chain.ts'

export type EventPage = { events: AuditEvent[]; total: number; page: number; pages: number }

/** One page of the actor's audit log, newest first: events of its own environment, and of the account as a whole. */
export async function listEvents(
  { store }: Context,
  actor: Actor,
  filter: AuditFilter,
  { page, size }: { page: number; size: number },
): Promise<EventPage> {
  const { tenantId, environment } = actor
  const { events, total } = await store.read(tenantId, (db) =>
    listAuditEvents(db, tenantId, environment, filter, { limit: size, offset: (page - 1) * size }),
  )
  return { events, total, page, pages: Math.ceil(total / size) }
}

const BATCH = 1_000

/** Walks one tenant's chain from its start; answers how many events it has, and the first that does not fit. */
export async function verifyChain(
  { store }: Context,
  tenantId: string,
): Promise<{ events: number; brokenAt?: number }> {
  let before: { seq: number; hash: Uint8Array } = { seq: 0, hash: GENESIS }
  for (;;) {
    const events = await store.read(tenantId, (db) => readAuditChain(db, tenantId, before.seq, BATCH))
    const brokenAt = findBreak(before, events)
    if (brokenAt !== undefined) return { events: before.seq, brokenAt }
    before = events.at(-1) ?? before
    if (events.length === BATCH) continue
    const head = await store.read(tenantId, (db) => findAuditHead(db, tenantId))
    return (head?.seq ?? 0) === before.seq
      ? { events: before.seq }
      : { events: before.seq, brokenAt: before.seq + 1 }
  }
}
