import { credentialFields } from '../../catalog/credential-fields.ts'
import { carrierCodeOf } from '../../catalog/carrier-code.ts'
import type { Carrier } from '../../catalog/define.ts'
import { findUnsendable } from '../../catalog/sendable.ts'
import {
  canVerify,
  verify,
  type CarrierAnswer,
  type Material,
  type Verification,
} from '../../catalog/verification.ts'
import type { Actor, Context } from '../../context.ts'
import { fail } from '../../errors.ts'
import { verificationDeadline, materialOf } from '../carrier/ask-once.ts'
import { askSignedIn } from '../sign-in/verify-signed-in.ts'
import type { KnownCredentials } from '../carrier/attempt-marks.ts'
import type { CarrierLine } from '../carrier/carrier-line.ts'
import { chooseLine } from '../carrier/choose-line.ts'
import { outcomeHeader, refuses, type VerificationResult } from '../carrier/verification-result.ts'
import type { WhichCredentials } from '../sign-in/refresh-token.ts'
import { refreshTokenOf } from '../sign-in/sign-in-state.ts'
import { whyNotAsked } from '../carrier/why-not-asked.ts'

/** Says how a request wants credentials to be verified; with `only` the carrier is asked and nothing is stored. */
export type VerifyParameter = 'required' | 'best-effort' | 'only' | undefined

type Values = Readonly<Record<string, unknown>>

const NOBODY_CAN_ASK: VerificationResult = {
  asked: false,
  outcome: 'unasked',
  because: 'Nobody can ask this carrier about these credentials.',
}
/** This is the outcome for a change that touches no credential. */
export const UNTOUCHED: VerificationResult = {
  asked: false,
  outcome: 'unasked',
  because: 'The credentials are as they were.',
}
const NOT_WANTED: VerificationResult = {
  asked: false,
  outcome: 'unasked',
  because: 'The carrier was not asked.',
}

/** Describes the values that are to be verified, of a connection that may not exist yet. */
export type VerificationRequest = {
  carrier: Carrier
  values: Values
  carrierId?: string
  /** `held` has the values of that connection that are in force, and its state. */
  held?: KnownCredentials
  /** `which` says where the refresh token among the values is stored. */
  which?: WhichCredentials
  /** `seenFence` is the fence number of an access token that is not good any more; a token that was stored since may be used in its place. */
  seenFence?: number
  wish?: VerifyParameter | undefined
}

/** Returns the outcome for credentials that wait for a sign-in; refuses (502) where the request insists on a verified outcome. */
export function acceptWaiting(
  carrier: Carrier,
  waits: VerificationResult,
  wish: VerifyParameter,
): VerificationResult {
  return wish === 'required' ? refuseUnverified(carrier, waits) : waits
}

/**
 * Asks the carrier about credentials before they are stored, outside of every transaction.
 * Throws where the carrier refuses the credentials (400), where a verified outcome is required and the carrier was asked but gave another one (502), and where the carrier is not asked because the login might be locked there (429).
 */
export async function verifyOrRefuse(
  ctx: Context,
  actor: Actor,
  request: VerificationRequest,
): Promise<VerificationResult> {
  const { carrier, wish, carrierId } = request
  const policy = ctx.config.verification
  if (policy === 'off' && wish === undefined) return NOT_WANTED
  const verification = await verifyCredentials(ctx, actor, request)
  if (refuses(verification.outcome))
    fail('credentials_refused', verification.because, {
      carrierCode: carrierCodeOf(carrier),
      headers: outcomeHeader(verification.outcome),
      ...(carrierId === undefined ? {} : { carrierId }),
    })
  const isRequired = wish === 'required' || policy === 'required'
  if (isRequired && verification.asked && verification.outcome !== 'verified')
    refuseUnverified(carrier, verification)
  return verification
}

function refuseUnverified(carrier: Carrier, verification: VerificationResult): never {
  const { because } = verification
  const retryAfter = verification.asked && verification.retryAfter
  return fail('verification_impossible', `${carrier.title} could not prove these credentials. ${because}`, {
    carrierCode: carrierCodeOf(carrier),
    headers: {
      ...outcomeHeader(verification.outcome),
      ...(retryAfter ? { 'retry-after': `${retryAfter}` } : {}),
    },
  })
}

/** Asks the carrier, the real one or the one of the sandbox as the actor’s environment says. Never throws for what the carrier answers, nor where the carrier does not answer. */
export async function verifyCredentials(
  ctx: Context,
  actor: Actor,
  request: VerificationRequest,
): Promise<VerificationResult> {
  const { carrier, values } = request
  const line = chooseLine(ctx, actor)
  const asked = { asked: true, at: ctx.clock() } as const
  line.refuseLockedOut(carrier, values)
  const { carrierId } = request
  const isSignedIn = carrierId !== undefined && refreshTokenOf(values) !== undefined
  const answer = isSignedIn
    ? await askAsMerchant(ctx, actor, line, { ...request, carrierId })
    : line.decideAnswer(carrier, values, await askAboutCredentials(ctx, actor, line, request))
  return answer ? { ...answer, ...asked } : (whyNotAsked(ctx, actor, { carrier, values }) ?? NOBODY_CAN_ASK)
}

function askAsMerchant(
  ctx: Context,
  actor: Actor,
  line: CarrierLine,
  {
    carrier,
    values,
    carrierId,
    held,
    which = 'in force',
    seenFence,
  }: VerificationRequest & { carrierId: string },
): Promise<CarrierAnswer> {
  const until = verificationDeadline()
  const recipe = carrier.signIn?.verify
  return line.limitAttempts(actor, { carrier, recipe, values, held, until }, () =>
    askSignedIn(ctx, actor, { carrier, values, carrierId, which, until, seenFence }),
  )
}

/** Asks the carrier about the credentials themselves; returns `undefined` where nobody can. */
async function askAboutCredentials(
  ctx: Context,
  actor: Actor,
  line: CarrierLine,
  { carrier, values, held }: VerificationRequest,
): Promise<CarrierAnswer | undefined> {
  const { verify: recipe } = carrier
  if (!recipe) return undefined
  const until = verificationDeadline()
  const call = line.open({ carrier, recipe, values, until })
  if (!call || !canVerify(recipe, values, call.operator)) return undefined
  const material = materialOf(ctx, values, call.operator)
  const impossible = answerUnsendable(carrier, recipe, material)
  if (impossible) return impossible
  return line.limitAttempts(actor, { carrier, recipe, values, held, until }, () =>
    verify(recipe, material, call.ask),
  )
}

/** Returns the outcome for values that no call can contain; the carrier can never have issued them, and is not asked. Returns `undefined` where a call can contain all of them. */
function answerUnsendable(
  carrier: Carrier,
  recipe: Verification,
  material: Material,
): CarrierAnswer | undefined {
  const [name] = findUnsendable(recipe, material)
  if (name === undefined) return undefined
  const fields = credentialFields(carrier)
  const label = fields[name]?.label ?? name
  return {
    outcome: 'invalid_credentials',
    because: `${label} (${name}) has characters that none of ${carrier.title} can have; they often come from pasting.`,
  }
}
