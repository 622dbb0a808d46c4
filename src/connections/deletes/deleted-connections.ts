import { recordEvent } from '../../audit/record-event.ts'
import type { Carrier } from '../../catalog/define.ts'
import { findCarrier, findByScac } from '../../catalog/find-carrier.ts'
import type { Actor, Context } from '../../context.ts'
import { failFields } from '../../errors.ts'
import { eraseChangesOf } from '../../store/tables/tenants/audit-changes.ts'
import {
  eraseNickname,
  findTombstone,
  listTombstones,
  type ListedTombstone,
} from '../../store/tables/connections/deleted.ts'
import { requireScope } from '../../require-scope.ts'
import { absentCarrier } from '../request/absent-carrier.ts'
import { carrierOf, connectionKey, refuseUnknownConnection, requireIdOfEither } from '../request/require.ts'

export type TombstonePage = {
  tombstones: { tombstone: ListedTombstone; carrier: Carrier }[]
  total: number
  page: number
  pages: number
}

/** Returns one page of the actor’s deleted connections, the latest delete first; a reader of the audit log can look up the name of a deleted id here. */
export async function findTombstones(
  { store }: Context,
  actor: Actor,
  { carrier: named, carrierId }: { carrier: string | undefined; carrierId: string | undefined },
  { page, size }: { page: number; size: number },
): Promise<TombstonePage> {
  requireScope(actor, 'read')
  const carrier = named === undefined ? undefined : (findCarrier(named) ?? findByScac(named))
  if (named !== undefined && !carrier) failFields([absentCarrier('carrier', named)])
  const limits = { limit: size, offset: (page - 1) * size }
  const { rows, total } = await store.read(actor.tenantId, (db) =>
    listTombstones(db, actor, { carrier: carrier?.id, carrierId }, limits),
  )
  const tombstones = rows.map((tombstone) => ({ tombstone, carrier: carrierOf(tombstone) }))
  return { tombstones, total, page, pages: Math.ceil(total / size) }
}

/** Erases the nickname that is left of a deleted connection, and with it what the audit log shows of the connection’s changes; a second call changes nothing. */
export async function eraseTombstoneNickname(ctx: Context, actor: Actor, carrierId: string): Promise<void> {
  requireScope(actor, 'admin')
  requireIdOfEither(carrierId)
  const key = connectionKey(actor, carrierId)
  await ctx.store.transaction(actor.tenantId, async (tx) => {
    const tombstone = (await findTombstone(tx, key)) ?? refuseUnknownConnection()
    if (tombstone.nickname === null) return
    await eraseNickname(tx, key)
    await eraseChangesOf(tx, key)
    await recordEvent(ctx, tx, actor, {
      action: 'tombstone.nickname_erased',
      carrierId,
      fields: ['nickname'],
    })
  })
}
