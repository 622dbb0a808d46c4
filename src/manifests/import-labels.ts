import { recordEvent } from '../audit/record-event.ts'
import type { Actor, Body, Context } from '../context.ts'
import { fieldProblems, type Problem } from '../errors.ts'
import { lockConnections, type LockedConnection } from '../store/tables/connections/connections.ts'
import type { Tx } from '../store/db.ts'
import type { LabelChange } from '../store/tables/shipments/label-counts.ts'
import { findLabels, findTracked, writeLabels } from '../store/tables/shipments/labels.ts'
import type { Label } from '../store/schema/tables.ts'
import { requireScope } from '../require-scope.ts'
import { findMeant } from './find-meant.ts'
import { newIds } from './ids.ts'
import { changeLabel, isSettled } from './change-label.ts'
import { acceptLabels, labelFields, placeOf, repeatedIn, type Entry } from './label-form.ts'

/** What became of one entry; the id of its label where there is one. */
export type Result = {
  outcome: 'imported' | 'updated' | 'unchanged' | 'refused'
  labelId: string | null
  problems: readonly Problem[]
}

type Wish = Exclude<Entry, { problems: unknown }> & { index: number }
type Judged = Result & { change?: LabelChange }

/** How many entries go in together: others get their turn in between. */
const MOST_TOGETHER = 20

/**
 * Records labels: what is said again changes nothing, and what follows a settled label of the same number is another one.
 * Entries of a connection are judged in their order, each for itself. Each 20 are one transaction, with one audit event for each connection: whoever gets no answer says all of it again.
 * No label comes under a connection that is deleted meanwhile.
 */
export async function importLabels(ctx: Context, actor: Actor, body: Body): Promise<Result[]> {
  requireScope(actor, 'write')
  const entries = acceptLabels(body('list').reveal())
  const results = entries.map(refusedEntry)
  const wishes = entries
    .flatMap((entry, index) => ('said' in entry ? [{ ...entry, index }] : []))
    // By connection, so that the audit log has no more events than it needs.
    .sort((a, b) => (a.carrierId === b.carrierId ? a.index - b.index : a.carrierId < b.carrierId ? -1 : 1))
  // Listings follow times and ids: labels of one request stand there in the order of its body.
  const at = ctx.clock()
  const ids = newIds(at, entries.length)
  const birthOf = ({ index }: Wish): Birth => ({ at: at.toISOString(), newId: ids[index] ?? '' })
  const met = new Set<string>()
  for (let start = 0; start < wishes.length; start += MOST_TOGETHER) {
    const part = wishes.slice(start, start + MOST_TOGETHER)
    for (const { index, ...result } of await importPart(ctx, actor, part, { met, birthOf })) {
      results[index] = result
      if (result.labelId !== null) met.add(result.labelId)
    }
  }
  return results
}

function importPart(
  ctx: Context,
  actor: Actor,
  wishes: readonly Wish[],
  { met, birthOf }: { met: ReadonlySet<string>; birthOf: (wish: Wish) => Birth },
): Promise<(Result & { index: number })[]> {
  return ctx.store.transaction(actor.tenantId, async (tx) => {
    const known = await look(tx, actor, wishes, met)
    const judged = wishes.map((wish) => {
      const one = judge(actor, wish, known, birthOf(wish))
      note(known, one)
      return { ...one, wish }
    })
    const changed = judged.filter(({ change }) => change !== undefined)
    await writeLabels(
      tx,
      changed.flatMap(({ change }) => change ?? []),
    )
    const byConnection = Map.groupBy(changed, ({ wish }) => wish.carrierId)
    for (const carrierId of [...byConnection.keys()].sort()) {
      const given = new Set(byConnection.get(carrierId)?.flatMap(({ wish }) => wish.given))
      const fields = Object.keys(labelFields).filter((name) => given.has(name))
      await recordEvent(ctx, tx, actor, { action: 'label.imported', carrierId, fields })
    }
    return judged.map(({ wish: { index }, outcome, labelId, problems }) => ({
      index,
      outcome,
      labelId,
      problems,
    }))
  })
}

type Known = {
  connections: Map<string, LockedConnection>
  /** By connection and tracking number, newest first. */
  tracked: Map<string, Label[]>
  named: Map<string, Label>
  /** Labels of earlier entries, which no other entry may mean. */
  met: Set<string>
}

const place = (carrierId: string, trackingNumber: string) => `${carrierId} ${trackingNumber}`

/** The connections first: from then on none of them goes. */
async function look(tx: Tx, actor: Actor, wishes: readonly Wish[], met: ReadonlySet<string>): Promise<Known> {
  const carrierIds = [...new Set(wishes.map(({ carrierId }) => carrierId))]
  const connections = await lockConnections(tx, actor, carrierIds)
  const tracked = await findTracked(tx, actor, [...new Set(wishes.map((wish) => wish.trackingNumber))])
  const named = await findLabels(
    tx,
    actor,
    wishes.flatMap(({ labelId }) => labelId ?? []),
  )
  return {
    connections: new Map(connections.map((connection) => [connection.carrier_id, connection])),
    tracked: Map.groupBy(tracked, (label) => place(label.carrier_id, label.tracking_number)),
    named: new Map(named.map((label) => [label.label_id, label])),
    met: new Set(met),
  }
}

/** What an entry has made of its label is what the next one finds. */
function note({ tracked, met }: Known, { labelId, change }: Judged): void {
  if (labelId !== null) met.add(labelId)
  if (!change) return
  const { after } = change
  const at = place(after.carrier_id, after.tracking_number)
  const others = (tracked.get(at) ?? []).filter(({ label_id }) => label_id !== after.label_id)
  tracked.set(at, [after, ...others])
}

type Birth = { at: string; newId: string }

function judge(actor: Actor, wish: Wish, { connections, tracked, named, met }: Known, birth: Birth): Judged {
  const { labelId, carrierId, trackingNumber, said, index } = wish
  const connection = connections.get(carrierId)
  if (!connection) return refused([{ ...UNCONNECTED, fieldName: placeOf(index, 'carrier_id') }])
  const label = findMeant(tracked.get(place(carrierId, trackingNumber)) ?? [], wish)
  if (label && met.has(label.label_id)) return refused(fieldProblems([repeatedIn(index, 'tracking_number')]))
  const isTaken = labelId !== undefined && (label ? label.label_id !== labelId : named.has(labelId))
  if (isTaken) return refused([{ ...TAKEN, fieldName: placeOf(index, 'label_id') }], label)
  if (!label) {
    const after = newLabel(actor, wish, connection.carrier, birth)
    return { outcome: 'imported', labelId: after.label_id, problems: [], change: { after } }
  }
  const after = changeLabel(label, said, birth.at)
  if ('condition' in after) {
    const message = isSettled(label) ? `${after.message} ${TOLD_APART}` : after.message
    return refused([{ ...after, message, fieldName: placeOf(index, after.fieldName) }], label)
  }
  const { label_id } = label
  if (after === label) return { outcome: 'unchanged', labelId: label_id, problems: [] }
  return { outcome: 'updated', labelId: label_id, problems: [], change: { before: label, after } }
}

function newLabel(
  { tenantId, environment }: Actor,
  { labelId, carrierId, trackingNumber, said }: Wish,
  carrier: string,
  { at, newId }: Birth,
): Label {
  const { status = 'completed', ship_date = '', ...rest } = said
  return {
    ...{ tenant_id: tenantId, environment, label_id: labelId ?? newId },
    ...{ carrier_id: carrierId, carrier, tracking_number: trackingNumber },
    ...{ warehouse_id: null, service_code: null, external_shipment_id: null, ...rest },
    ...{ status, ship_date, created_at: at, modified_at: at },
    ...{ voided_at: status === 'voided' ? at : null, manifest_id: null },
  }
}

const refused = (problems: readonly Problem[], label?: Label): Judged => ({
  outcome: 'refused',
  labelId: label?.label_id ?? null,
  problems,
})

const refusedEntry = (entry: Entry): Result => ({
  outcome: 'refused',
  labelId: null,
  problems: 'problems' in entry ? fieldProblems(entry.problems) : [],
})

const UNCONNECTED: Problem = {
  condition: 'connection_unknown',
  message: 'There is no carrier connection with this carrier_id.',
}
const TAKEN: Problem = {
  condition: 'label_id_taken',
  message: 'The label_id stands for another label, or the label is recorded under another label_id.',
}
const TOLD_APART =
  'Another label of this tracking number has another ship_date or external_shipment_id, or says a label_id of its own.'
