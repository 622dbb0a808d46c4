import type { Carrier } from '../../catalog/define.ts'
import type { Ask, CarrierAnswer, Material, Verification } from '../../catalog/verification.ts'
import type { Actor } from '../../context.ts'
import type { Attempt } from './limit-attempts.ts'

type CredentialValues = Material['values']
type OperatorValues = Material['operator']

/** A question is put to a carrier by a recipe, about these values; it has to be over by `until`, in milliseconds of the process clock. */
export type CarrierQuestion = {
  carrier: Carrier
  recipe: Pick<Verification, 'hosts' | 'hostFrom' | 'operator'>
  values: CredentialValues
  until: number
}

/** An open line is the function that asks one question, with the values of the operator that the question is asked under. */
export type OpenLine = { ask: Ask; operator: OperatorValues }

/** A carrier line asks all carriers of one environment: the real ones in production, the simulated ones in the sandbox. */
export type CarrierLine = {
  /** Names the settings of the operator, as environment variables, that a recipe needs and this server lacks. */
  missingSettings: (recipe: Pick<Verification, 'operator'>) => string[]
  /** Returns the values that the operator holds with carriers, including those that the recipe names where they are set. */
  operatorValues: (recipe: Pick<Verification, 'operator'>) => OperatorValues
  /** Prepares one question; returns `undefined` where this server cannot ask by the recipe. */
  open: (question: CarrierQuestion) => OpenLine | undefined
  /** Asks the carrier, unless this login was refused too often a short while ago: such an attempt is refused (429), and the carrier is not asked. */
  limitAttempts: (actor: Actor, attempt: Attempt, ask: () => Promise<CarrierAnswer>) => Promise<CarrierAnswer>
  /** Refuses (429) credentials that this line never asks about, whoever makes the request. */
  refuseLockedOut: (carrier: Carrier, values: CredentialValues) => void
  /** Returns the outcome that counts: the one that the carrier’s answer led to, or the one that the credentials ask for in its place. */
  decideAnswer: (
    carrier: Carrier,
    values: CredentialValues,
    found: CarrierAnswer | undefined,
  ) => CarrierAnswer | undefined
  /** Returns the address that a merchant is sent to in order to sign in on this page of the carrier. */
  signInLocation: (carriersPage: string) => string
  /** Lists the values by which credentials can ask for an outcome. */
  wishes: readonly string[]
  /** Returns the names of the values that are spelled like a wish for an outcome and are none. */
  findMistypedWishes: (values: CredentialValues) => string[]
  /** `hasOperator` is true where the operator of this server has to hear of a registration with a carrier that no longer works. */
  hasOperator: boolean
}
