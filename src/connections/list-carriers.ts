import type { Carrier, Field, ParcelCarrier } from '../catalog/define.ts'
import type { Actor, Context } from '../context.ts'
import { openSealed } from '../custody/open-sealed.ts'
import {
  findSeqAfter,
  listConnections,
  type ListedConnection,
} from '../store/tables/connections/connections.ts'
import { PART } from '../store/pages.ts'
import { requireScope } from '../require-scope.ts'
import { adviseOnConnection, type Advice } from './verification/advice.ts'
import { allFields, settingNames } from './form/carrier-forms.ts'
import { carrierOf, requireCarrier, requireConnection } from './request/require.ts'
import { valuesToVerify } from './form/values.ts'

/** Describes a connection as listings show it, with its carrier and without anything sealed. */
export type ListedCarrier<C extends Carrier = Carrier> = { connection: ListedConnection; carrier: C }

type ModeCarrier<M extends Carrier['mode']> = Extract<Carrier, { mode: M }>

const BATCH = 200

/** Yields the actor’s connections of one mode in batches, oldest first; only one batch is in memory at a time. */
export async function* listBatches<M extends Carrier['mode']>(
  { store }: Context,
  actor: Actor,
  mode: M,
): AsyncGenerator<ListedCarrier<ModeCarrier<M>>[]> {
  requireScope(actor, 'read')
  let afterSeq = 0
  for (;;) {
    const rows = await store.read(actor.tenantId, (db) =>
      listConnections(db, actor, mode, { afterSeq, limit: BATCH }),
    )
    yield rows.map(withCarrier<M>)
    if (rows.length < BATCH) return
    afterSeq = rows.at(-1)?.created_seq ?? 0
  }
}

/** Returns one page of the actor’s parcel connections, oldest first. */
export async function listPage(
  { store }: Context,
  actor: Actor,
  { page, size }: { page: number; size: number },
): Promise<ListedCarrier<ModeCarrier<'parcel'>>[]> {
  requireScope(actor, 'read')
  let afterSeq = 0
  // Each step is a read of its own, so that nobody waits longer than for one step, however far the page is.
  for (let left = (page - 1) * size; left > 0; left -= PART) {
    const from = { afterSeq, count: Math.min(left, PART) }
    const reached = await store.read(actor.tenantId, (db) => findSeqAfter(db, actor, 'parcel', from))
    if (reached === undefined) return []
    afterSeq = reached
  }
  const rows = await store.read(actor.tenantId, (db) =>
    listConnections(db, actor, 'parcel', { afterSeq, limit: size }),
  )
  return rows.map(withCarrier<'parcel'>)
}

const withCarrier = <M extends Carrier['mode']>(
  connection: ListedConnection,
): ListedCarrier<ModeCarrier<M>> => ({
  connection,
  carrier: carrierOf(connection) as ModeCarrier<M>,
})

/** Returns one connection as listings show it; refuses an unknown id with 404. */
export async function getConnection<M extends Carrier['mode']>(
  ctx: Context,
  actor: Actor,
  mode: M,
  carrierId: string,
): Promise<ListedCarrier<ModeCarrier<M>>> {
  requireScope(actor, 'read')
  return withCarrier<M>(await requireConnection(ctx, actor, { mode, carrierId }))
}

/** Returns the names under which the forms of a carrier store the field `name`. */
function storedNames({ connect, update, settings }: ParcelCarrier, name: string): string[] {
  const named = [connect, update, settings].flatMap((fields) => fields?.[name] ?? [])
  return [...new Set(named.map(({ storedAs }) => storedAs ?? name))]
}

/** Returns which fields of a connection are set, by wire name, and which of them are secret; no value is returned. */
export async function describeConnection(
  ctx: Context,
  actor: Actor,
  { carrierName, carrierId }: { carrierName: string; carrierId: string },
): Promise<
  ListedCarrier<ModeCarrier<'parcel'>> & {
    fields: Record<string, { set: boolean; secret: boolean }>
    advice: Advice
  }
> {
  requireScope(actor, 'read')
  const carrier = requireCarrier(carrierName)
  const connection = await requireConnection(ctx, actor, { mode: 'parcel', carrierId, carrier })
  const opened = await openSealed(ctx, actor, (opener) => opener.contents(connection))
  const { credentials, settings } = opened.reveal()
  const isSet = (name: string, field: Field) => {
    if ('role' in field && field.role === 'nickname') return connection.nickname !== null
    return storedNames(carrier, name).some((stored) =>
      Object.hasOwn(settingNames(carrier).has(stored) ? settings : credentials, stored),
    )
  }
  const fields = Object.fromEntries(
    Object.entries(allFields(carrier))
      .filter(([, field]) => !('role' in field && field.role === 'primary'))
      .map(([name, field]) => [name, { set: isSet(name, field), secret: field.secret }]),
  )
  const advice = adviseOnConnection(ctx, actor, connection, {
    carrier,
    values: valuesToVerify(credentials, settings),
  })
  return { connection, carrier, fields, advice }
}
