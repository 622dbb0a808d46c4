import { recordEvent } from '../audit/record-event.ts'
import type { Carrier } from '../catalog/define.ts'
import type { Values } from '../catalog/validate.ts'
import type { Actor, Context } from '../context.ts'
import { fingerprint, openCredentials, openPrevious, openSettings } from '../custody/sealed-values.ts'
import { fail } from '../errors.ts'
import { changeConnection, findConnection } from '../store/connections.ts'
import type { Db, Tx } from '../store/db.ts'
import { findPrevious } from '../store/previous-credentials.ts'
import { planCheck } from '../store/scheduled-checks.ts'
import type { Connection } from '../store/schema.ts'
import { announce } from '../webhooks/announce.ts'
import { findDuplicate, refuseDuplicate } from './add-connection.ts'
import { checkedNow } from './check-times.ts'
import type { DryRun, Outcome } from './outcome.ts'
import type { Proof } from './findings.ts'
import { guardIntegrity } from './guard-integrity.ts'
import { proofNotice } from './notices.ts'
import { requireProof, type VerifyWish } from './prove.ts'
import { replaceCredentials } from './replace-credentials.ts'
import { carrierOf, keyOf, refuseUnknown } from './require.ts'
import { carrySignIn, isWaiting, losesSignIn, WAITS } from './signed-in.ts'
import { keepMinted } from './token-claim.ts'
import { accountKey, accountNumber, provable } from './values.ts'
import { requireNamed, type Named } from './verify.ts'
import { requireVersion, type IfMatch } from './versions.ts'

type Request = Named & { ifMatch: IfMatch; verify?: VerifyWish }

/**
 * Puts the credentials before the current ones back into force, once the carrier accepts them: as a new version, so that no number is ever used twice.
 * Those in force until now are kept in their place. Refuses (409) when there are none.
 */
export async function rollbackConnection(
  ctx: Context,
  actor: Actor,
  request: Request,
): Promise<Outcome | DryRun> {
  const { carrier } = await requireNamed(ctx, actor, request)
  const { carrierId } = request
  return guardIntegrity(ctx, actor, carrierId, async () => {
    const { values, before, connection, seen, waits } = await ctx.store.read(actor.tenantId, (db) =>
      earlier(ctx, db, actor, request),
    )
    const settings = openSettings(ctx, connection).reveal()
    const [asked, held] = [provable(values, settings), provable(before, settings)]
    const claim = {
      carrier,
      values: asked,
      wish: request.verify,
      carrierId,
      held: { values: held, state: connection.state },
    }
    const proof = waits ? WAITS : await requireProof(ctx, actor, claim)
    if (request.verify === 'only') return { proof, notices: proofNotice(proof) }
    const { version, credentialsVersion } = await ctx.store.transaction(actor.tenantId, async (tx) => {
      const now = await earlier(ctx, tx, actor, request)
      if (now.seen !== seen) return refuseMoved()
      return putBack(ctx, tx, actor, carrier, now, proof)
    })
    await keepMinted(ctx, actor, carrierId, credentialsVersion, proof)
    return { carrierId, version, notices: proofNotice(proof) }
  })
}

async function earlier(ctx: Context, db: Db, actor: Actor, { carrierId, ifMatch }: Request) {
  const key = keyOf(actor, carrierId)
  const connection = (await findConnection(db, key)) ?? refuseUnknown()
  requireVersion(connection, ifMatch)
  const previous = await findPrevious(db, key)
  if (!previous || previous.erase_after <= ctx.clock().toISOString())
    return fail('nothing_to_roll_back', 'There are no earlier credentials of this connection.', { carrierId })
  const held = openCredentials(ctx, connection).reveal()
  const kept = openPrevious(ctx, connection, previous).reveal() as Values
  // A refresh token that was replaced is spent: the one in force stays.
  const values = carrySignIn(carrierOf(connection), held, kept)
  const waits = isWaiting(connection) || losesSignIn(held, values)
  return {
    connection,
    values,
    before: held,
    waits,
    seen: `${connection.version}/${previous.credentials_version}`,
  }
}

const refuseMoved = () =>
  fail('version_mismatch', 'The connection was changed meanwhile; read it again first.')

async function putBack(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  carrier: Carrier,
  { connection, values, waits }: { connection: Connection; values: Values; waits: boolean },
  proof: Proof,
): Promise<{ version: number; credentialsVersion: number }> {
  const { carrier_id: carrierId, version, settings } = connection
  const key = keyOf(actor, carrierId)
  const account = accountNumber(carrier, values)
  const existing = await findDuplicate(tx, actor, carrier, accountKey(account))
  if (existing && existing !== carrierId && carrier.mode === 'parcel') refuseDuplicate(carrier, existing)
  const replaced = await replaceCredentials(ctx, tx, connection, values)
  const checked = checkedNow(ctx, carrier, proof, connection)
  await changeConnection(tx, key, version, {
    ...replaced,
    account_number: account,
    account_key: accountKey(account),
    ...checked.columns,
    ...(waits ? { connection_status: 'pending_approval' as const } : {}),
    updated_at: ctx.clock().toISOString(),
  })
  await planCheck(tx, key, carrier.id, checked.nextCheckAt)
  await recordEvent(ctx, tx, actor, {
    action: 'connection.rolled_back',
    carrierId,
    version: version + 1,
    ...(proof.outcome === 'verified' ? {} : { outcome: 'unverified' as const }),
    envelopeHash: fingerprint(replaced.credentials, settings),
  })
  await announce(ctx, tx, actor, { type: 'connection.updated', carrierId })
  return { version: version + 1, credentialsVersion: replaced.credentials_version }
}
