import type { Carrier } from '../../catalog/define.ts'
import type { Ask, Finding, Material, Verification } from '../../catalog/verification.ts'
import type { Actor } from '../../context.ts'
import type { Attempt } from './limit-attempts.ts'

type CredentialValues = Material['values']
type OperatorValues = Material['operator']

/** A question to a carrier, and the millisecond of the process by which it has to be over. */
export type Question = {
  carrier: Carrier
  recipe: Pick<Verification, 'hosts' | 'hostFrom' | 'operator'>
  values: CredentialValues
  until: number
}

/** A call line tells how one question is put, and in whose name. */
export type Call = { ask: Ask; operator: OperatorValues }

/** A carrier line is the way to all carriers of one environment: to the real ones, or to the simulated ones of the sandbox. */
export type CarrierLine = {
  /** Names the settings of the operator, as environment variables, that a recipe needs and this server lacks. */
  missingSettings: (recipe: Pick<Verification, 'operator'>) => string[]
  /** Returns the values that the operator holds with carriers, those that the recipe names among them where they are there. */
  operatorValues: (recipe: Pick<Verification, 'operator'>) => OperatorValues
  /** Opens the way for one question; `undefined` where nobody here can ask by its recipe. */
  open: (question: Question) => Call | undefined
  /** Asks, unless this login was refused too often a short while ago: then it refuses (429) and nobody is asked. */
  limitAttempts: (actor: Actor, attempt: Attempt, ask: () => Promise<Finding>) => Promise<Finding>
  /** Refuses (429) credentials that this line does not ask about, whoever wishes it. */
  refuseLockedOut: (carrier: Carrier, values: CredentialValues) => void
  /** Returns the finding that counts: the one that the carrier’s answer led to, or the one that the credentials wish for in its place. */
  decideFinding: (
    carrier: Carrier,
    values: CredentialValues,
    found: Finding | undefined,
  ) => Finding | undefined
  /** Returns the address that a merchant is sent to who is to sign in on this page of the carrier. */
  signInLocation: (carriersPage: string) => string
  /** Lists the words by which credentials can wish for a finding. */
  wishes: readonly string[]
  /** Names the values that are spelled like a wish and are none. */
  findMistypedWishes: (values: CredentialValues) => string[]
  /** Tells whether the operator of this server has to hear of a registration with a carrier that no longer works. */
  hasOperator: boolean
}
