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

/** A credential with the value `LOCKED_OUT` makes the sandbox refuse the login as after too many wrong logins at a carrier. */
const LOCKED_OUT = magicOf('locked_out')

/** `magicValues` has the values that choose the answer of the sandbox where a credential has one of them. */
export const magicValues: readonly string[] = [...OUTCOMES.map(magicOf), LOCKED_OUT]

const reads = (value: unknown, magic: string) => typeof value === 'string' && value.toLowerCase() === magic

/** `BY_WEIGHT` has the outcomes in the order in which they count where several are asked for: `verified` comes last. */
const BY_WEIGHT = [...OUTCOMES.filter((outcome) => outcome !== 'verified'), 'verified'] as const

/** Returns the outcome that counts where several are asked for; a field that asks for success does not undo a field that asks for a refusal. */
export const chooseWeightiest = (asked: readonly string[]): VerificationOutcome | undefined =>
  BY_WEIGHT.find((outcome) => asked.includes(outcome))

/** Returns the outcome that a caller of the sandbox asks for; a caller asks by a credential with the value `simulate-<outcome>`. */
export function wantedOutcome(values: SimulatedAccount['values']): VerificationOutcome | undefined {
  const all = Object.values(values)
  return chooseWeightiest(OUTCOMES.filter((outcome) => all.some((value) => reads(value, magicOf(outcome)))))
}

/** Tells whether a credential asks the sandbox to refuse the login as after too many wrong logins. */
const isLockedOut = (values: SimulatedAccount['values']): boolean =>
  Object.values(values).some((value) => reads(value, LOCKED_OUT))

/** `INTENDED` matches a text that was probably meant as a magic value, though it may be mistyped; the word `simulateur` is not meant as one. */
const INTENDED = /^simulate(?!urs?([^a-z]|$))/

/** Returns the visible text, without characters that cannot be seen and without what stands before the first letter or digit. */
const visible = (text: string) =>
  text
    .normalize('NFKC')
    .replaceAll(/\p{Cf}/gu, '')
    .replace(/^[^\p{L}\p{N}]+/u, '')

/** Lists the names of the values that were probably meant as magic values and are none. */
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
 * Returns the function that asks a simulated carrier in place of the real one; the simulated carrier knows only this account, and answers with the outcome `wanted` where one is given.
 * Returns `undefined` where the carrier is not simulated.
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

/** Answers as a carrier that knows these accounts, or with the outcome `wanted` where one is given. */
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

/** `simulator` is the sandbox that a context gets. */
export const simulator = { magicValues, mistyped, wantedOutcome, isLockedOut, ask: askSimulated, authorize }
