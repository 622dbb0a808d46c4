import { credentialFields } from '../../catalog/credential-fields.ts'
import { recordEvent } from '../../audit/record-event.ts'
import { carrierCodeOf } from '../../catalog/carrier-code.ts'
import type { Carrier } from '../../catalog/define.ts'
import { findUnsendable } from '../../catalog/sendable.ts'
import {
  canVerify,
  verify,
  type Finding,
  type Material,
  type Verification,
} from '../../catalog/verification.ts'
import type { Actor, Context } from '../../context.ts'
import { fail } from '../../errors.ts'
import { endOfProof, materialOf } from '../carrier/ask-carrier.ts'
import { askSignedIn } from '../sign-in/verify-signed-in.ts'
import type { Held } from '../carrier/login-keys.ts'
import type { CarrierLine } from '../carrier/carrier-line.ts'
import { chooseLine } from '../carrier/choose-line.ts'
import { outcomeHeader, refuses, type Proof } from '../carrier/proof.ts'
import type { Kept } from '../sign-in/refresh-token.ts'
import { refreshTokenOf } from '../sign-in/sign-in-state.ts'
import { whyUnasked } from '../carrier/why-not-asked.ts'

/** What a request says about asking the carrier: `only` asks and stores nothing. */
export type VerifyWish = 'required' | 'best-effort' | 'only' | undefined

type Values = Readonly<Record<string, unknown>>

const UNASKED: Proof = {
  asked: false,
  outcome: 'unasked',
  because: 'Nobody can ask this carrier about these credentials.',
}
/** Of a change that touches no credential. */
export const UNTOUCHED: Proof = {
  asked: false,
  outcome: 'unasked',
  because: 'The credentials are as they were.',
}
const NOT_WANTED: Proof = { asked: false, outcome: 'unasked', because: 'The carrier was not asked.' }

/** What is to be proved: the values of a connection that may not be there yet. */
export type Claim = {
  carrier: Carrier
  values: Values
  carrierId?: string
  /** What is in force of that connection. */
  held?: Held
  /** Where the refresh token among the values is kept. */
  kept?: Kept
  /** Of the access token that is not good any more: one that was got since does. */
  seenFence?: number
  wish?: VerifyWish | undefined
}

/** What only a sign-in can prove, which has not been: refused (502) where the request insists on a proof. */
export function acceptWaiting(carrier: Carrier, waits: Proof, wish: VerifyWish): Proof {
  return wish === 'required' ? refuseUnproved(carrier, waits) : waits
}

/**
 * Asks the carrier what it thinks of credentials before they are stored; outside of every transaction.
 * Throws where the carrier refuses them (400, on record unless nothing is to be stored), where it had to answer and could not (502), and where it is not asked so as to lock nobody out (429).
 */
export async function requireProof(ctx: Context, actor: Actor, claim: Claim): Promise<Proof> {
  const { carrier, wish, carrierId } = claim
  const policy = ctx.config.verification
  if (policy === 'off' && wish === undefined) return NOT_WANTED
  const proof = await prove(ctx, actor, claim)
  if (refuses(proof.outcome)) {
    // Who asks only is promised that nothing is stored.
    if (wish !== 'only')
      await ctx.store.transaction(actor.tenantId, (tx) =>
        recordEvent(ctx, tx, actor, {
          action: 'connection.refused',
          outcome: 'refused',
          ...(carrierId === undefined ? {} : { carrierId }),
        }),
      )
    fail('credentials_refused', proof.because, {
      carrierCode: carrierCodeOf(carrier),
      headers: outcomeHeader(proof.outcome),
      ...(carrierId === undefined ? {} : { carrierId }),
    })
  }
  const isRequired = wish === 'required' || policy === 'required'
  if (isRequired && proof.asked && proof.outcome !== 'verified') refuseUnproved(carrier, proof)
  return proof
}

function refuseUnproved(carrier: Carrier, proof: Proof): never {
  const { because } = proof
  const retryAfter = proof.asked && proof.retryAfter
  return fail('verification_impossible', `${carrier.title} could not prove these credentials. ${because}`, {
    carrierCode: carrierCodeOf(carrier),
    headers: { ...outcomeHeader(proof.outcome), ...(retryAfter ? { 'retry-after': `${retryAfter}` } : {}) },
  })
}

/** Asks the carrier over the line of the actor’s environment; never throws for what the carrier answers or does not. */
export async function prove(ctx: Context, actor: Actor, claim: Claim): Promise<Proof> {
  const { carrier, values } = claim
  const line = chooseLine(ctx, actor)
  const asked = { asked: true, at: ctx.clock() } as const
  line.refuseLockedOut(carrier, values)
  const { carrierId } = claim
  const isSignedIn = carrierId !== undefined && refreshTokenOf(values) !== undefined
  const finding = isSignedIn
    ? await askAsMerchant(ctx, actor, line, { ...claim, carrierId })
    : line.decideFinding(carrier, values, await askAboutCredentials(ctx, actor, line, claim))
  return finding ? { ...finding, ...asked } : (whyUnasked(ctx, actor, carrier, values) ?? UNASKED)
}

function askAsMerchant(
  ctx: Context,
  actor: Actor,
  line: CarrierLine,
  { carrier, values, carrierId, held, kept = 'in force', seenFence }: Claim & { carrierId: string },
): Promise<Finding> {
  const until = endOfProof()
  const recipe = carrier.signIn?.verify
  return line.limitAttempts(actor, { carrier, recipe, values, held, until }, () =>
    askSignedIn(ctx, actor, carrier, values, { carrierId, kept, until, seenFence }),
  )
}

/** Asks about the credentials themselves; `undefined` where nobody can. */
async function askAboutCredentials(
  ctx: Context,
  actor: Actor,
  line: CarrierLine,
  { carrier, values, held }: Claim,
): Promise<Finding | undefined> {
  const { verify: recipe } = carrier
  if (!recipe) return undefined
  const until = endOfProof()
  const call = line.open({ carrier, recipe, values, until })
  if (!call || !canVerify(recipe, values, call.operator)) return undefined
  const material = materialOf(ctx, values, call.operator)
  const impossible = judgeUnsendable(carrier, recipe, material)
  if (impossible) return impossible
  return line.limitAttempts(actor, { carrier, recipe, values, held, until }, () =>
    verify(recipe, material, call.ask),
  )
}

/** What is known of values that no call can carry: the carrier would never have given them out, and is not asked. */
function judgeUnsendable(carrier: Carrier, recipe: Verification, material: Material): Finding | undefined {
  const [name] = findUnsendable(recipe, material)
  if (name === undefined) return undefined
  const fields = credentialFields(carrier)
  const label = fields[name]?.label ?? name
  return {
    outcome: 'invalid_credentials',
    because: `${label} (${name}) has characters that none of ${carrier.title} can have; they often come from pasting.`,
  }
}
