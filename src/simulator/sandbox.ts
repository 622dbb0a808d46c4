import {
  OUTCOMES,
  type Ask,
  type Call,
  type Reply,
  type VerificationOutcome,
} from '../catalog/verification.ts'
import type { SimulatedAccount, CarrierScript, SimulatedCarrier } from './define.ts'
import { findSimulated } from './find-simulated.ts'
import { codeOf } from './oauth.ts'
import { weather } from './weather.ts'

const magicOf = (outcome: string) => `simulate-${outcome.replaceAll('_', '-')}`

/** A credential that reads this holds its login back, as one is that its carrier has refused too often. */
const LOCKED_OUT = magicOf('locked_out')

/** A credential of the sandbox may read one of these values to choose what is answered. */
export const magicValues: readonly string[] = [...OUTCOMES.map(magicOf), LOCKED_OUT]

const reads = (value: unknown, magic: string) => typeof value === 'string' && value.toLowerCase() === magic

/** Where several outcomes are asked for, the first of this list counts: whatever stands against success comes before it. */
const BY_WEIGHT = [...OUTCOMES.filter((outcome) => outcome !== 'verified'), 'verified'] as const

/** Returns the one of several outcomes that counts: a refusal is not undone by a word for success in another field. */
export const chooseWeightiest = (asked: readonly string[]): VerificationOutcome | undefined =>
  BY_WEIGHT.find((outcome) => asked.includes(outcome))

/** Returns the outcome that a caller of the sandbox asks for by a credential that reads `simulate-<outcome>`. */
export function wantedOutcome(values: SimulatedAccount['values']): VerificationOutcome | undefined {
  const all = Object.values(values)
  return chooseWeightiest(OUTCOMES.filter((outcome) => all.some((value) => reads(value, magicOf(outcome)))))
}

/** Tells whether a caller of the sandbox asks for a login that is held back. */
const isLockedOut = (values: SimulatedAccount['values']): boolean =>
  Object.values(values).some((value) => reads(value, LOCKED_OUT))

/** Matches a word of the sandbox as people get it wrong; `simulateur` is a word of its own. */
const INTENDED = /^simulate(?!urs?([^a-z]|$))/

/** Returns a text as it looks, without what cannot be seen or stands before the first letter. */
const visible = (text: string) =>
  text
    .normalize('NFKC')
    .replaceAll(/\p{Cf}/gu, '')
    .replace(/^[^\p{L}\p{N}]+/u, '')

/** Lists the names of the values that are meant to choose an answer and are no word for any. */
const mistyped = (values: SimulatedAccount['values']): string[] =>
  Object.keys(values).filter((name) => {
    const value = values[name]
    return (
      typeof value === 'string' &&
      INTENDED.test(visible(value).toLowerCase()) &&
      !magicValues.some((magic) => reads(value, magic))
    )
  })

/**
 * Returns what the sandbox asks instead of a carrier: a simulated one that knows exactly this account,
 * unless the caller asks for another outcome. Returns `undefined` where the carrier is not simulated.
 */
function askSimulated(
  carrierId: string,
  account: SimulatedAccount,
  wanted: VerificationOutcome | undefined,
): Ask | undefined {
  const carrier = findSimulated(carrierId)
  if (!carrier) return undefined
  return async (call) => answerWith(carrier, call, [account], wanted)
}

/** Answers as a carrier that knows these accounts, unless the caller asks for another outcome. */
export function answerWith(
  carrier: SimulatedCarrier,
  call: Call,
  accounts: readonly SimulatedAccount[],
  wanted: VerificationOutcome | undefined,
): Reply {
  if (wanted === undefined || wanted === 'verified') return carrier.answer(call, accounts)
  if (wanted === 'invalid_credentials')
    return carrier.answer(
      call,
      accounts.map(({ operator }) => ({ values: {}, operator })),
    )
  return scriptFor(carrier, wanted)?.reply(call) ?? carrier.answer(call, accounts)
}

function scriptFor({ scripts }: SimulatedCarrier, wanted: VerificationOutcome): CarrierScript | undefined {
  return [...Object.values(scripts), ...Object.values(weather)].find(({ outcome }) => outcome === wanted)
}

/** Returns the code that a merchant brings back from a simulated sign-in page. */
export function authorize(query: Readonly<Record<string, unknown>>): string {
  return codeOf(query.client_id, query.redirect_uri, query.code_challenge)
}

/** The simulator is what a context takes as its sandbox. */
export const simulator = { magicValues, mistyped, wantedOutcome, isLockedOut, ask: askSimulated, authorize }
