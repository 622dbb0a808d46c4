import type { Carrier } from '../../catalog/define.ts'
import type { Ask, CarrierAnswer, Material, Verification } from '../../catalog/verification.ts'
import type { Actor } from '../../context.ts'
import type { Attempt } from './limit-attempts.ts'

type CredentialValues = Material['values']
type OperatorValues = Material['operator']

/** A carrier question says which carrier is asked about which values, by which recipe, and until when (`until`, in milliseconds of the process clock). */
export type CarrierQuestion = {
  carrier: Carrier
  recipe: Pick<Verification, 'hosts' | 'hostFrom' | 'operator'>
  values: CredentialValues
  until: number
}

/** An open line has the function that asks the carrier (`ask`), and the operator’s values that the carrier is asked with. */
export type OpenLine = { ask: Ask; operator: OperatorValues }

/** A carrier line asks all carriers of one environment: the real ones in production, the simulated ones in the sandbox. */
export type CarrierLine = {
  /** Names the settings of the operator, as environment variables, that a recipe needs and this server lacks. */
  missingSettings: (recipe: Pick<Verification, 'operator'>) => string[]
  /** Returns the values that the operator got from carriers for this server. In the sandbox these are made-up values for the names in the recipe. */
  operatorValues: (recipe: Pick<Verification, 'operator'>) => OperatorValues
  /** Prepares one question; returns `undefined` where this server cannot ask the question. */
  open: (question: CarrierQuestion) => OpenLine | undefined
  /** Asks the carrier, unless this login was refused too often a short while ago: such an attempt is refused (429), and the carrier is not asked. */
  limitAttempts: (actor: Actor, attempt: Attempt, ask: () => Promise<CarrierAnswer>) => Promise<CarrierAnswer>
  /** Refuses (429) credentials that this line never asks about, whoever makes the request. */
  refuseLockedOut: (carrier: Carrier, values: CredentialValues) => void
  /** Returns the outcome to answer with: the one in the carrier’s answer, or in the sandbox the one that the credentials ask for. */
  decideAnswer: (
    carrier: Carrier,
    values: CredentialValues,
    found: CarrierAnswer | undefined,
  ) => CarrierAnswer | undefined
  /** Returns the address where a merchant signs in; `carriersPage` is the address of the carrier’s own sign-in page. */
  signInLocation: (carriersPage: string) => string
  /** Lists the values that ask for a certain outcome when credentials have one of them. Only the sandbox has such values. */
  wishes: readonly string[]
  /** Returns the names of the fields whose value looks like one of `wishes`, but is none of them. */
  findMistypedWishes: (values: CredentialValues) => string[]
  /** `hasOperator` is true where a warning is logged for the operator when a carrier does not accept the operator’s registration. */
  hasOperator: boolean
}
