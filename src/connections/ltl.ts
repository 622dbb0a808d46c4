import { carrierCodeOf } from '../catalog/carrier-code.ts'
import type { LtlCarrier } from '../catalog/define.ts'
import { optional, nickname, text } from '../catalog/fields.ts'
import { isBlank, isEmpty, validate } from '../catalog/validate.ts'
import type { Actor, Body, Context } from '../context.ts'
import { fail, failFields } from '../errors.ts'
import { Secret } from '../secret.ts'
import { requireScope } from '../require-scope.ts'
import { acceptRequest } from './accept-request.ts'
import { addConnection } from './add-connection.ts'
import { changeCredentials } from './change-connection.ts'
import type { DryRun, Outcome } from './outcome.ts'
import { ltlForm } from './forms.ts'
import { outcomeHeader } from './findings.ts'
import { duplicateNotice, proofNotice, type Notice } from './notices.ts'
import type { VerifyWish } from './prove.ts'
import { carrierOf, requireConnectable, requireConnection, requireLtlCarrier } from './require.ts'
import type { Changes, Parts } from './values.ts'
import type { IfMatch } from './versions.ts'

type Accepted = Parts & { notices: Notice[] }

/** Connects an LTL account under the SCAC of the path. A second connection of one account is not refused but told in a notice. */
export async function connectLtlCarrier(
  ctx: Context,
  actor: Actor,
  request: { scac: string; body: Body; verify?: VerifyWish },
): Promise<Outcome | DryRun> {
  requireScope(actor, 'write')
  const carrier = requireLtlCarrier(request.scac, actor.environment)
  requireConnectable(carrier)
  const body = request.body().reveal()
  return addLtlConnection(
    ctx,
    actor,
    carrier,
    request.scac,
    unwrap(acceptRequest(ctx, actor, { carrier, form: ltlForm(carrier, body), body }), body),
    request.verify,
  )
}

/** Connects an LTL account whose SCAC and nickname stand in the body; the spelling of the public OpenAPI file. */
export async function connectLtlCarrierByBody(
  ctx: Context,
  actor: Actor,
  request: { body: Body; verify?: VerifyWish },
): Promise<(Outcome | DryRun) & { carrier: LtlCarrier }> {
  requireScope(actor, 'write')
  const body = request.body().reveal()
  const scac = acceptScac(body)
  const carrier = requireLtlCarrier(scac, actor.environment)
  requireConnectable(carrier)
  const { fields } = ltlForm(carrier, body)
  const form = { fields: { carrier_code: text('Carrier code'), ...fields, nickname: optional(nickname()) } }
  const accepted = unwrap(acceptRequest(ctx, actor, { carrier, form, body }), body)
  const outcome = await addLtlConnection(ctx, actor, carrier, scac, accepted, request.verify)
  return { ...outcome, carrier }
}

/** The SCAC of a body; a body without one is told what else it has that was probably meant for something. */
function acceptScac({ credentials: _judgedLater, ...rest }: Readonly<Record<string, unknown>>): string {
  const form = { fields: { carrier_code: text('Carrier code'), nickname: optional(nickname()) } }
  const accepted = validate({ ...form, beside: ['credentials'] }, { ...rest })
  if (typeof rest.carrier_code === 'string' && !isBlank(rest.carrier_code)) return rest.carrier_code
  return failFields(Array.isArray(accepted) ? accepted : [])
}

async function addLtlConnection(
  ctx: Context,
  actor: Actor,
  carrier: LtlCarrier,
  scac: string,
  { notices, ...parts }: Accepted,
  verify: VerifyWish,
): Promise<Outcome | DryRun> {
  const beforehand = [...notices, ...askSandbox(carrier)]
  const { proof, saved } = await addConnection(ctx, actor, {
    carrier,
    parts,
    verify,
    scac: scac.toUpperCase(),
  })
  if (!saved) return { proof, notices: beforehand }
  const { carrierId, version, duplicateOf } = saved
  const told = [...beforehand, ...proofNotice(proof), ...duplicateNotice(duplicateOf), ...saved.notices]
  return { carrierId, version, notices: told }
}

type Update = { carrierId: string; ifMatch: IfMatch; body: Body; scac?: string; verify?: VerifyWish }

/**
 * Replaces the whole documented credential set of an LTL connection under its permanent id; reached under any SCAC of its carrier, or none.
 * What Hawser adds to the carrier's public form stays while the account does, unless the body names it.
 */
export async function updateLtlConnection(
  ctx: Context,
  actor: Actor,
  request: Update,
): Promise<Outcome | DryRun> {
  requireScope(actor, 'write')
  const { carrierId, ifMatch, scac } = request
  const named = scac === undefined ? undefined : requireLtlCarrier(scac, actor.environment)
  const connection = await requireConnection(ctx, actor, 'ltl', carrierId, named)
  const carrier = named ?? (carrierOf(connection) as LtlCarrier)
  const body = request.body().reveal()
  const form = ltlForm(carrier, body)
  const { notices, ...parts } = unwrap(acceptRequest(ctx, actor, { carrier, form, body }), body)
  const told = askSandbox(carrier)
  const all = [...notices, ...told]
  const { proof, saved } = await changeCredentials(ctx, actor, {
    ...{ carrier, carrierId, ifMatch, form: form.fields, parts },
    change: { kind: 'credentials', how: 'replace', verify: request.verify },
  })
  if (!saved) return { proof, notices: all }
  const { version, duplicateOf } = saved
  return { carrierId, version, notices: [...all, ...proofNotice(proof), ...duplicateNotice(duplicateOf)] }
}

/** The members of `credentials` are what is kept; the object itself and the SCAC beside it are not. */
function unwrap(accepted: Accepted, { credentials: sent }: Readonly<Record<string, unknown>>): Accepted {
  const values = (accepted.credentials.reveal().credentials ?? {}) as Changes
  const cleared = Object.entries(sent ?? {}).flatMap(([name, value]) =>
    isEmpty(value) ? [[name, null] as const] : [],
  )
  const credentials: Changes = { ...values, ...Object.fromEntries<null>(cleared) }
  const beside = accepted.given.filter((name) => name !== 'credentials' && name !== 'carrier_code')
  return {
    ...accepted,
    credentials: new Secret(credentials),
    given: [...Object.keys(values), ...beside],
  }
}

/** The carriers that exist in the sandbox only answer as their public page says: success, a warning, or a refusal. */
function askSandbox(carrier: LtlCarrier): Notice[] {
  const { sandbox, title } = carrier
  if (sandbox?.answer === 'refuses')
    fail('credentials_refused', `${title} refuses every connect.`, {
      carrierCode: carrierCodeOf(carrier),
      headers: outcomeHeader('invalid_credentials'),
    })
  return sandbox?.answer === 'warns' ? [{ code: 'sandbox_warning' }] : []
}
