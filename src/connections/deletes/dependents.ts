import type { Carrier, Manifest } from '../../catalog/define.ts'
import type { Actor, Context } from '../../context.ts'
import { findOldest } from '../../store/tables/connections/connections.ts'
import { liveLeases } from '../../store/tables/connections/leases.ts'
import { nextCheckOf } from '../../store/tables/connections/checks.ts'
import type { Connection } from '../../store/schema/tables.ts'
import { listSubscribers } from '../../store/tables/webhooks/endpoints.ts'
import { requireScope } from '../../require-scope.ts'
import { restorableUntil } from './delete-connection.ts'
import { judgeDelete, type Verdict } from './open-shipments.ts'
import { policyOf } from './account-policy.ts'
import { keyOf } from '../request/require.ts'
import { requireNamed, type Named } from '../request/named.ts'

/** What hangs on a connection, and what a delete of it would do now. */
export type Dependents = {
  connection: Connection
  carrier: Carrier
  verdict: Verdict
  manifest: Manifest
  nextCheckAt: string | null
  leases: { count: number; until: string | null }
  /** Webhooks that would be told, of this connection or of its heir. */
  webhookIds: string[]
  /** Which connection would become the primary one; `null` where none would. */
  heir: string | null
  /** Until when a delete of now could be undone; `null` where it could not. */
  restorableUntil: string | null
}

/** Says beforehand what a delete would meet; nothing is changed by it. */
export async function dependentsOf(ctx: Context, actor: Actor, named: Named): Promise<Dependents> {
  requireScope(actor, 'read')
  const { carrier, connection } = await requireNamed(ctx, actor, named)
  const key = keyOf(actor, named.carrierId)
  const now = ctx.clock()
  return ctx.store.read(actor.tenantId, async (db) => {
    const { restore_days } = await policyOf(db, actor)
    const isPrimary = connection.is_primary === 1
    const heir = isPrimary ? await findOldest(db, actor, carrier.id, named.carrierId) : undefined
    const told = await listSubscribers(db, actor, 'connection.disconnected')
    // The heir's primary mark is news of its own.
    if (heir) told.push(...(await listSubscribers(db, actor, 'connection.updated')))
    return {
      connection,
      carrier,
      verdict: await judgeDelete(db, actor, connection),
      manifest: carrier.manifest,
      nextCheckAt: await nextCheckOf(db, key),
      leases: await liveLeases(db, key, now.toISOString()),
      webhookIds: [...new Set(told)],
      heir: heir?.carrier_id ?? null,
      restorableUntil: restore_days > 0 ? restorableUntil(now, restore_days) : null,
    }
  })
}
