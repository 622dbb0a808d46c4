import { verifyChain } from '../../../src/audit/list-events.ts'
import type { Context } from '../../../src/context.ts'
import { createOpener } from '../../../src/custody/opener.ts'
import { fingerprint } from '../../../src/custody/sealed-values.ts'
import type { AuditEvent, Connection } from '../../../src/store/schema/tables.ts'
import type { Journal, Write } from './write-load.ts'

/** A store check says what a crash did to acknowledged writes; the first three lists have to be empty. */
export type StoreCheck = {
  /** These writes were acknowledged and are not in the store. */
  lost: string[]
  /** These connections show parts of two states. */
  halfApplied: string[]
  /** These effects were sent by nobody, or lack their audit event, or these events lack their effect. */
  unexplained: string[]
  events: number
  live: number
  /** These are the answers of the writes, so far, that were answered 503 and took effect nevertheless. */
  appliedAfter503: string[]
}

type Faults = Pick<StoreCheck, 'lost' | 'halfApplied' | 'unexplained'>

/** Compares the store with the journal while nobody writes, and notes in the journal what became of open writes. */
export async function checkStore(ctx: Context, tenantId: string, journal: Journal): Promise<StoreCheck> {
  const { rows, tombstones, events } = await ctx.store.read(tenantId, async (db) => ({
    rows: await db.selectFrom('connection').selectAll().where('tenant_id', '=', tenantId).execute(),
    tombstones: await db.selectFrom('tombstone').selectAll().where('tenant_id', '=', tenantId).execute(),
    events: await db
      .selectFrom('audit_event')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('carrier_id', 'is not', null)
      .orderBy('seq')
      .execute(),
  }))
  const trails = Map.groupBy(events, ({ carrier_id }) => carrier_id ?? '')
  const live = new Map(rows.map((row) => [row.carrier_id, row]))
  const deleted = new Set(tombstones.map(({ carrier_id }) => carrier_id))
  const faults: Faults = { lost: [], halfApplied: [], unexplained: [] }
  adoptUnanswered(rows, journal)

  for (const [id, writes] of journal.connections) {
    const row = live.get(id)
    const written = { id, writes, trail: trails.get(id) ?? [], row, isDeleted: deleted.has(id) }
    checkAcknowledged(written, faults)
    checkTrail(written, faults)
    if (row) checkContent(ctx, row, written, faults)
  }
  for (const id of new Set([...live.keys(), ...deleted, ...trails.keys()]))
    if (!journal.connections.has(id)) faults.unexplained.push(`${id} was never acknowledged, nor sent`)

  const chain = await verifyChain(ctx, tenantId)
  if (chain.brokenAt !== undefined) faults.unexplained.push(`the audit chain breaks at ${chain.brokenAt}`)
  settle(journal)
  const applied = [...journal.connections.values()].flat().filter(({ state }) => state === 'acknowledged')
  return {
    ...faults,
    events: events.length,
    live: rows.length,
    appliedAfter503: applied.flatMap(({ refusal }) => refusal ?? []),
  }
}

/** Counts a connect without an answer as acknowledged from here on, when its connection is in the store. */
function adoptUnanswered(rows: readonly Connection[], { connections, unanswered }: Journal): void {
  for (const { carrier_id, nickname } of rows) {
    const write = unanswered.get(nickname ?? '')
    if (!write || connections.has(carrier_id)) continue
    unanswered.delete(write.label)
    connections.set(carrier_id, [Object.assign(write, { state: 'acknowledged', version: 1 } as const)])
  }
}

const onlyPrimary = ({ action, fields }: AuditEvent) =>
  action === 'connection.updated' && fields === '["is_primary_account"]'

/** Answers what kind of write an event stands for; a primary mark that moved stands for none. */
function kindOf(event: AuditEvent): Write['kind'] | undefined {
  if (event.action === 'connection.connected') return 'connect'
  if (event.action === 'connection.settings_updated') return 'settings'
  if (event.action === 'connection.disconnected') return 'delete'
  return event.action === 'connection.updated' && !onlyPrimary(event) ? 'update' : undefined
}

/** `Written` is one connection: the writes that were sent, its audit events, and what the store has of it. */
type Written = {
  id: string
  writes: readonly Write[]
  trail: readonly AuditEvent[]
  row: Connection | undefined
  isDeleted: boolean
}

/** Checks that the effect of every acknowledged write is in the store. */
function checkAcknowledged({ id, writes, trail, row, isDeleted }: Written, { lost }: Faults): void {
  for (const { kind, label, version } of writes.filter(({ state }) => state === 'acknowledged')) {
    const there =
      kind === 'delete'
        ? !row && isDeleted
        : trail.some((event) => kindOf(event) === kind && event.version === version) &&
          (!row || row.version >= (version ?? Infinity))
    if (!there) lost.push(`${kind} ${label} of ${id}, version ${version}`)
  }
  if (row || writes.some(({ kind, state }) => kind === 'delete' && state === 'acknowledged')) return
  const open = writes.find(({ kind, state }) => kind === 'delete' && state === 'open')
  if (open) open.state = 'acknowledged'
  else lost.push(`${id} is gone, and nobody deleted it`)
}

/** Checks that effects and events agree in number and order, and that none was applied twice. */
function checkTrail({ id, writes, trail, row, isDeleted }: Written, { unexplained }: Faults): void {
  const say = (what: string) => unexplained.push(`${id}: ${what}`)
  const ends = trail.filter((event) => kindOf(event) === 'delete')
  const steps = trail.filter((event) => kindOf(event) !== 'delete')
  if (steps.some(({ version }, at) => version !== at + 1)) say('its events skip or repeat a version')
  if (row && row.version !== steps.length) say(`version ${row.version}, ${steps.length} events`)
  if (row ? ends.length > 0 || isDeleted : ends.length !== 1 || !isDeleted) say('it is and is not deleted')
  if (ends.some(({ version }) => version !== steps.length)) say('it was deleted at another version')
  for (const kind of ['connect', 'update', 'settings'] as const) {
    const sent = writes.filter((write) => write.kind === kind).length
    const applied = trail.filter((event) => kindOf(event) === kind).length
    if (applied > sent) say(`${applied} effects of ${sent} requests (${kind})`)
  }
}

/** Checks that the row and both envelopes show the state of the last effect. */
function checkContent(
  ctx: Context,
  row: Connection,
  { id, writes, trail }: Written,
  { halfApplied, lost }: Faults,
): void {
  const { credentials, settings } = createOpener(ctx, () => {})
    .contents(row)
    .reveal()
  const label = row.nickname ?? ''
  const parts: unknown[] = [row.account_number, credentials.account_number, settings.account_postal_code]
  const updates = trail.filter((event) => kindOf(event) === 'update').length
  if (updates > 0) parts.push(credentials.mail_innovations_customer_id)
  if (updates > 0) parts.push(String(credentials.mail_innovations_customer_guid).replace('secret-', ''))
  if (parts.some((part) => part !== label)) halfApplied.push(`${id}: ${label} beside ${parts.join(', ')}`)
  const changes = trail.filter((event) => kindOf(event) === 'settings').length
  if (row.credentials_version !== 1 + updates || row.settings_version !== 1 + updates + changes)
    halfApplied.push(`${id}: its envelopes are of other versions than its events`)
  const sealed = trail.findLast(({ envelope_hash }) => envelope_hash !== null)?.envelope_hash
  if (!sealed || Buffer.compare(sealed, fingerprint(row.credentials, row.settings)) !== 0)
    halfApplied.push(`${id}: its envelopes are not those of its last event`)

  const expectLatest = (kinds: readonly Write['kind'][], shown: unknown) => {
    const at = trail.findLast((event) => kinds.includes(kindOf(event) ?? 'delete'))?.version
    if (at === undefined || at === null) return
    const sent = writes.filter(({ kind }) => kinds.includes(kind))
    const known = sent.find(({ state, version }) => state === 'acknowledged' && version === at)
    const open = sent.find((write) => write.state === 'open' && write.label === shown)
    if (known ? known.label !== shown : !open) lost.push(`${id}: version ${at} shows ${String(shown)}`)
    if (!known && open) Object.assign(open, { state: 'acknowledged', version: at })
  }
  expectLatest(['connect', 'update'], label)
  expectLatest(['settings'], settings.mail_innovations_cost_center)
}

function settle({ connections, unanswered }: Journal): void {
  for (const write of [...[...connections.values()].flat(), ...unanswered.values()])
    if (write.state === 'open') write.state = 'past'
  unanswered.clear()
}
