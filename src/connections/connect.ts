import type { Actor, Body, Context } from '../context.ts'
import { addConnection, requireNoDuplicate } from './add-connection.ts'
import type { Proof } from './findings.ts'
import { connectForm } from './forms.ts'
import { proofNotice, supersededNotice, type Notice } from './notices.ts'
import { requireProof, type VerifyWish } from './prove.ts'
import { requireCarrier, requireConnectable } from './require.ts'
import { acceptBody, withoutCleared } from './values.ts'

/** What became of a connection: its id, its version, and what the caller should know. */
export type Outcome = { carrierId: string; version: number; notices: Notice[] }

/** What a request that stores nothing answers: what the carrier said. */
export type DryRun = { proof: Proof; notices: Notice[] }

/** Connects a carrier account under a new id, once the carrier has been asked; the account must not be connected yet, unless the body allows it. */
export async function connectCarrier(
  ctx: Context,
  actor: Actor,
  request: { carrierName: string; body: Body; verify?: VerifyWish },
): Promise<Outcome | DryRun> {
  const carrier = requireCarrier(request.carrierName)
  requireConnectable(carrier)
  const parts = acceptBody(carrier, connectForm(carrier), request.body().reveal())
  const values = withoutCleared(parts.credentials.reveal())
  await requireNoDuplicate(ctx, actor, carrier, parts)
  const proof = await requireProof(ctx, actor, { carrier, values, wish: request.verify })
  const notices = [...parts.notices, ...supersededNotice(carrier), ...proofNotice(proof)]
  if (request.verify === 'only') return { proof, notices }
  const { carrierId } = await addConnection(ctx, actor, carrier, parts, proof)
  return { carrierId, version: 1, notices }
}
