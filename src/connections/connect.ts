import type { Actor, Body, Context } from '../context.ts'
import { addConnection } from './add-connection.ts'
import { connectForm } from './forms.ts'
import { supersededNotice, type Notice } from './notices.ts'
import { requireCarrier, requireConnectable } from './require.ts'
import { acceptBody } from './values.ts'

/** What became of a connection: its id, its version, and what the caller should know. */
export type Outcome = { carrierId: string; version: number; notices: Notice[] }

/** Connects a carrier account under a new id; the account must not be connected yet, unless the body allows it. */
export async function connectCarrier(
  ctx: Context,
  actor: Actor,
  request: { carrierName: string; body: Body },
): Promise<Outcome> {
  const carrier = requireCarrier(request.carrierName)
  requireConnectable(carrier)
  const parts = acceptBody(carrier, connectForm(carrier), request.body().reveal())
  const { carrierId } = await addConnection(ctx, actor, carrier, parts)
  return { carrierId, version: 1, notices: [...parts.notices, ...supersededNotice(carrier)] }
}
