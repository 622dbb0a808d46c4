import { changesBetween } from '../../audit/changes.ts'
import type { Actor, Body, Context } from '../../context.ts'
import { failFields } from '../../errors.ts'
import { findConnection } from '../../store/tables/connections/connections.ts'
import type { OpenShipments } from '../../store/schema/tables.ts'
import { requireScope } from '../../require-scope.ts'
import { chooseDeleteRule, type DeleteRule } from './open-shipments.ts'
import { acceptConnectionPolicy } from './policy-form.ts'
import { connectionKey, refuseUnknownConnection } from '../request/require.ts'
import { saveConnection } from '../change/save-connection.ts'
import { requireNamed, type Named } from '../request/named.ts'
import { requireVersion, type IfMatch } from '../request/if-match.ts'

/** Describes what a connection itself decides about its delete, and the rule that is in force. */
export type ConnectionPolicy = { own: OpenShipments | null; rule: DeleteRule; version: number }

/** Returns what a delete of this connection does about open shipments, and whether the carrier, the connection or the account decides that. */
export async function getConnectionPolicy(
  ctx: Context,
  actor: Actor,
  named: Named,
): Promise<ConnectionPolicy> {
  requireScope(actor, 'read')
  const { connection } = await requireNamed(ctx, actor, named)
  const rule = await ctx.store.read(actor.tenantId, (db) => chooseDeleteRule(db, actor, connection))
  return { own: connection.open_shipments, rule, version: connection.version }
}

/**
 * Changes what a delete of this connection does about open shipments. `null` removes the connection’s own policy, so that the carrier or the account decides; where the body says nothing, the policy stays.
 * Refuses (400) to let deletes go through with a warning where the carrier requires manifests.
 */
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
    const connection =
      (await findConnection(tx, connectionKey(actor, carrierId))) ?? refuseUnknownConnection()
    requireVersion(connection, ifMatch)
    const own = wanted === undefined ? connection.open_shipments : wanted
    const rule = await chooseDeleteRule(tx, actor, { ...connection, open_shipments: own })
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
