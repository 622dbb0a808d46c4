import { findByScac, findCarrier } from '../catalog/find-carrier.ts'
import type { Carrier } from '../catalog/define.ts'
import type { Actor, Context } from '../context.ts'
import { failFields } from '../errors.ts'
import { searchConnections, type ListedConnection } from '../store/connections.ts'
import type { Connection, ConnectionState } from '../store/schema.ts'
import { adviceOf, type Advice } from './advice.ts'
import { carrierOf } from './require.ts'

export type Search = {
  state?: ConnectionState
  status?: Connection['connection_status']
  carrier?: string
  olderThan?: string
}
export type FoundPage = {
  connections: { connection: ListedConnection; carrier: Carrier; advice: Advice }[]
  total: number
  page: number
  pages: number
}

/** One page of the actor's connections of either mode, those longest in their state first: what needs attention stands in front. */
export async function findConnections(
  ctx: Context,
  actor: Actor,
  search: Search,
  { page, size }: { page: number; size: number },
): Promise<FoundPage> {
  const { carrier: named, ...filter } = search
  const carrier = named === undefined ? undefined : (findCarrier(named) ?? findByScac(named))
  if (named !== undefined && !carrier)
    failFields([{ kind: 'invalid', field: 'carrier', message: 'carrier names no carrier and no SCAC.' }])
  const limits = { limit: size, offset: (page - 1) * size }
  const wanted = { ...filter, ...(carrier ? { carrier: carrier.id } : {}) }
  const { rows, total } = await ctx.store.read(actor.tenantId, (db) =>
    searchConnections(db, actor, wanted, limits),
  )
  const connections = rows.map((connection) => {
    const of = carrierOf(connection)
    return { connection, carrier: of, advice: adviceOf(ctx, actor, connection, of) }
  })
  return { connections, total, page, pages: Math.ceil(total / size) }
}
