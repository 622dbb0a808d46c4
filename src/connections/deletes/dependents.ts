import type { Carrier, ManifestNeed } from '../../catalog/define.ts'
import type { Actor, Context } from '../../context.ts'
import { countLiveLeases } from '../../store/tables/connections/leases.ts'
import { findNextCheck } from '../../store/tables/connections/checks.ts'
import type { Connection } from '../../store/schema/tables.ts'
import { listSubscribers } from '../../store/tables/webhooks/endpoints.ts'
import { requireScope } from '../../require-scope.ts'
import { restorableUntil } from './delete-connection.ts'
import { decideDelete, type DeleteDecision } from './open-shipments.ts'
import { findHeir } from '../change/primary.ts'
import { readAccountPolicy } from './account-policy.ts'
import { connectionKey } from '../request/require.ts'
import { requireNamed, type Named } from '../request/named.ts'

/** Describes what depends on a connection, and what a delete of the connection would do now. */
export type Dependents = {
  connection: Connection
  carrier: Carrier
  decision: DeleteDecision
  manifest: ManifestNeed
  nextCheckAt: string | null
  leases: { count: number; until: string | null }
  /** `webhookIds` names the webhooks that would get a message about this connection or about its heir. */
  webhookIds: string[]
  /** `heir` is the connection that would become the primary one; `null` where none would. */
  heir: string | null
  /** `restorableUntil` is the time until which a delete at this moment could be undone; `null` where it could not be. */
  restorableUntil: string | null
}

/** Returns what a delete of a connection would do, and changes nothing. */
export async function describeDependents(ctx: Context, actor: Actor, named: Named): Promise<Dependents> {
  requireScope(actor, 'read')
  const { carrier, connection } = await requireNamed(ctx, actor, named)
  const key = connectionKey(actor, named.carrierId)
  const now = ctx.clock()
  return ctx.store.read(actor.tenantId, async (db) => {
    const { restore_days } = await readAccountPolicy(db, actor)
    const heir = await findHeir(db, actor, connection)
    const told = await listSubscribers(db, actor, 'connection.disconnected')
    // The primary mark of the heir is announced in a message of its own.
    if (heir !== undefined) told.push(...(await listSubscribers(db, actor, 'connection.updated')))
    return {
      connection,
      carrier,
      decision: await decideDelete(db, actor, connection),
      manifest: carrier.manifest,
      nextCheckAt: await findNextCheck(db, key),
      leases: await countLiveLeases(db, key, now.toISOString()),
      webhookIds: [...new Set(told)],
      heir: heir ?? null,
      restorableUntil: restore_days > 0 ? restorableUntil(now, restore_days) : null,
    }
  })
}
