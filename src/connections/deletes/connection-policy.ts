import { changesBetween } from '../../audit/changes.ts'
import type { Actor, Body, Context } from '../../context.ts'
import { failFields } from '../../errors.ts'
import { findConnection } from '../../store/tables/connections/connections.ts'
import type { OpenShipments } from '../../store/schema/tables.ts'
import { requireScope } from '../../require-scope.ts'
import { ruleOf, type Rule } from './open-shipments.ts'
import { acceptConnectionPolicy } from './policy-form.ts'
import { keyOf, refuseUnknown } from '../request/require.ts'
import { saveConnection } from '../change/save-connection.ts'
import { requireNamed, type Named } from '../request/named.ts'
import { requireVersion, type IfMatch } from '../request/if-match.ts'

/** What a connection says itself about its delete, and what is in force. */
export type ConnectionPolicy = { own: OpenShipments | null; rule: Rule; version: number }

/** What a delete of this connection does about open shipments, and who says so. */
export async function getConnectionPolicy(
  ctx: Context,
  actor: Actor,
  named: Named,
): Promise<ConnectionPolicy> {
  requireScope(actor, 'read')
  const { connection } = await requireNamed(ctx, actor, named)
  const rule = await ctx.store.read(actor.tenantId, (db) => ruleOf(db, actor, connection))
  return { own: connection.open_shipments, rule, version: connection.version }
}

/** Changes what a delete of this connection does about open shipments; `null` leaves it to the account, and what the body leaves out stays. Refuses to wave through what the carrier requires. */
export async function setConnectionPolicy(
  ctx: Context,
  actor: Actor,
  request: Named & { ifMatch: IfMatch; body: Body },
): Promise<ConnectionPolicy> {
  requireScope(actor, 'admin')
  const { carrier } = await requireNamed(ctx, actor, request)
  const { carrierId, ifMatch } = request
  const wanted = acceptConnectionPolicy(request.body().reveal())
  if (wanted === 'warn' && carrier.manifest.requirement === 'required')
    failFields([
      {
        kind: 'invalid',
        field: 'open_shipments',
        message: `open_shipments cannot be warn: ${carrier.title} requires manifests.`,
      },
    ])
  return ctx.store.transaction(actor.tenantId, async (tx) => {
    const connection = (await findConnection(tx, keyOf(actor, carrierId))) ?? refuseUnknown()
    requireVersion(connection, ifMatch)
    const own = wanted === undefined ? connection.open_shipments : wanted
    const rule = await ruleOf(tx, actor, { ...connection, open_shipments: own })
    const { version } = connection
    if (connection.open_shipments === own) return { own, rule, version }
    const saved = await saveConnection(ctx, tx, actor, {
      before: connection,
      after: { openShipments: own },
      event: {
        action: 'connection.policy_updated',
        fields: ['open_shipments'],
        changes: changesBetween({ open_shipments: connection.open_shipments }, { open_shipments: own }),
      },
    })
    return { own, rule, version: saved.version }
  })
}
