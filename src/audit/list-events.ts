import type { Actor, Context } from '../context.ts'
import { findKeyDescriptions } from '../store/tables/tenants/api-keys.ts'
import { listChangesOf } from '../store/tables/tenants/audit-changes.ts'
import {
  findAuditHead,
  listAuditEvents,
  readAuditChain,
  type AuditFilter,
} from '../store/tables/tenants/audit.ts'
import { findConnectionNames, type ConnectionName } from '../store/tables/connections/names.ts'
import type { AuditEvent } from '../store/schema/tables.ts'
import { turns } from '../turns.ts'
import { requireScope } from '../require-scope.ts'
import type { Action } from './actions.ts'
import { keyIdOf, others } from './actors.ts'
import { findBreak, GENESIS } from './chain.ts'
import type { FieldChange } from './changes.ts'
import { openChanges } from './sealed-changes.ts'

/** Describes an event with its changes of values that are not secret; `lost` says why the changes are not there any more. */
export type ListedEvent = AuditEvent & {
  keyId: string | null
  changes: FieldChange[] | null
  lost: 'erased' | 'unreadable' | null
}

/** Describes who acted, or the key that an event is about; `description` is `null` where nothing is known of the key. */
export type DescribedActor = { actor: string; description: string | null }

/** Describes a page of events; `connections` names the connections that the events are about, deleted ones included. */
export type EventPage = {
  events: ListedEvent[]
  connections: ConnectionName[]
  actors: DescribedActor[]
  total: number
  page: number
  pages: number
}

/** Returns one page of the actor’s audit log, newest first: the events of the actor’s environment, and those of the account as a whole. */
export async function listEvents(
  ctx: Context,
  actor: Actor,
  filter: AuditFilter,
  { page, size }: { page: number; size: number },
): Promise<EventPage> {
  requireScope(actor, 'admin')
  const { tenantId } = actor
  const { events, ...named } = await ctx.store.read(tenantId, async (db) => {
    const limits = { limit: size, offset: (page - 1) * size }
    const { events: rows, total } = await listAuditEvents(db, actor, filter, limits)
    const carrierIds = new Set(rows.flatMap(({ carrier_id }) => carrier_id ?? []))
    const connections = await findConnectionNames(db, actor, [...carrierIds])
    const names = new Set(rows.flatMap((event) => [event.actor, ...keyNameOf(event)]))
    const keyIds = [...names].flatMap((name) => keyIdOf(name) ?? [])
    const keys = new Map(
      (await findKeyDescriptions(db, tenantId, keyIds)).map(({ key_id, description }) => [
        `key:${key_id}`,
        description,
      ]),
    )
    const actors = [...names].sort().map((name) => ({ actor: name, description: describe(name, keys) }))
    return { events: rows, connections, actors, total, page, pages: Math.ceil(total / size) }
  })
  return { events: await withChanges(ctx, tenantId, events), ...named }
}

const ABOUT_KEYS: ReadonlySet<string> = new Set<Action>([
  'api_key.created',
  'api_key.revoked',
  'authentication.failed',
  'authorization.refused',
])

/** Returns the name of the key that an event is about, in a list; the list is empty where the event is about no key. */
const keyNameOf = ({ action, subject }: AuditEvent): string[] =>
  subject !== null && ABOUT_KEYS.has(action) ? [`key:${subject}`] : []

/** Returns the description of an actor; `null` for a key of another account, such as that of a partner that acted here. */
const describe = (actor: string, keys: ReadonlyMap<string, string | null>): string | null =>
  Object.hasOwn(others, actor) ? others[actor as keyof typeof others] : (keys.get(actor) ?? null)

/** At most this many envelopes are read at once. */
const READ = 50

async function withChanges(ctx: Context, tenantId: string, events: AuditEvent[]): Promise<ListedEvent[]> {
  const listed: ListedEvent[] = []
  for (let from = 0; from < events.length; from += READ) {
    const part = events.slice(from, from + READ)
    const seqs = part.filter(({ changes_hash }) => changes_hash !== null).map(({ seq }) => seq)
    const rows =
      seqs.length === 0 ? [] : await ctx.store.read(tenantId, (db) => listChangesOf(db, tenantId, seqs))
    const kept = new Map(rows.map(({ seq, sealed }) => [seq, sealed]))
    for (const event of part) {
      await turns.giveWay(tenantId)
      listed.push(withChange(ctx, event, kept.get(event.seq)))
    }
  }
  return listed
}

function withChange(ctx: Context, event: AuditEvent, sealed: Uint8Array | undefined): ListedEvent {
  const [keyName] = keyNameOf(event)
  const known = { ...event, keyId: keyName === undefined ? null : (keyIdOf(keyName) ?? null) }
  if (event.changes_hash === null) return { ...known, changes: [], lost: null }
  if (!sealed) return { ...known, changes: null, lost: 'erased' }
  const changes = openChanges(ctx, event, sealed) ?? null
  return { ...known, changes, lost: changes ? null : 'unreadable' }
}

const BATCH = 1_000

/** Says what is wrong with the head of a chain. The head records the newest event, to which the next event is linked. */
export type HeadFault = 'missing' | 'wrong'

/** Describes a walked chain: how many events it has, the newest hash in hex, the first event that does not fit, and what is wrong with its head. */
export type AuditWalk = { events: number; head: string; brokenAt?: number; headFault?: HeadFault }

/** Walks one tenant's chain from its start to its end, which is the head at the beginning of the walk, or a later event. */
export async function verifyChain({ store }: Context, tenantId: string): Promise<AuditWalk> {
  const findHead = () => store.read(tenantId, (db) => findAuditHead(db, tenantId))
  const head = await findHead()
  let before: { seq: number; hash: Uint8Array } = { seq: 0, hash: GENESIS }
  const walked = (faults: Pick<AuditWalk, 'brokenAt' | 'headFault'> = {}): AuditWalk => ({
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
  // The head is read again, since events that came during the walk moved it along.
  const newest = await findHead()
  if (!newest) return walked({ headFault: 'missing' })
  const isWrong =
    newest.seq < before.seq || (newest.seq === before.seq && !Buffer.from(newest.hash).equals(before.hash))
  return walked(isWrong ? { headFault: 'wrong' } : {})
}
