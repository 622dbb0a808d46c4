import type { Carrier } from '../../catalog/define.ts'
import type {
  CarrierAnswer,
  Material,
  Verification,
  VerificationOutcome,
} from '../../catalog/verification.ts'
import type { Context } from '../../context.ts'
import type { CarrierLine } from './carrier-line.ts'
import { refuseForNow } from './limit-attempts.ts'

/** The sandbox sends merchants to this path of the server in place of a carrier’s sign-in page. */
const SANDBOX_PATH = '/v1/sign_in/sandbox'

/** Returns the line to the simulated carriers of the sandbox, where no setting is missing, no attempt is limited and credentials can ask for an outcome. */
export function sandboxLine({ simulator, config }: Context): CarrierLine {
  return {
    missingSettings: () => [],
    operatorValues: sandboxOperator,
    open({ carrier, recipe, values }) {
      const operator = sandboxOperator(recipe)
      const ask = simulator.ask(carrier.id, { values, operator }, simulator.wantedOutcome(values))
      return ask && { ask, operator }
    },
    limitAttempts: (_actor, _attempt, ask) => ask(),
    refuseLockedOut(carrier, values) {
      if (simulator.isLockedOut(values)) refuseForNow(carrier)
    },
    decideAnswer(carrier, values, found) {
      const wanted = simulator.wantedOutcome(values)
      // Some carriers never answer with the outcome that is asked for, so the sandbox answers for them.
      return wanted && found?.outcome !== wanted ? wordAs(carrier, wanted) : found
    },
    signInLocation: (carriersPage) => config.publicUrl + SANDBOX_PATH + new URL(carriersPage).search,
    wishes: simulator.magicValues,
    findMistypedWishes: (values) => simulator.mistyped(values),
    hasOperator: false,
  }
}

const sandboxOperator = ({ operator }: Pick<Verification, 'operator'>): Material['operator'] =>
  Object.fromEntries(operator.map((name) => [name, `sandbox-${name}`]))

const TOLD: Record<VerificationOutcome, string> = {
  verified: 'accepts these credentials.',
  invalid_credentials: 'does not accept these credentials.',
  not_entitled: 'accepts these credentials, and does not let this account use its API.',
  platform_misconfigured: 'does not accept the registration that this server’s operator holds with it.',
  rate_limited: 'asks to wait.',
  unavailable: 'fails at the moment.',
  inconclusive: 'answers, and its answer says nothing about these credentials.',
}
const WAIT_SECONDS = 60

/** Returns the outcome that credentials asked for. The explanation comes from the last rule of the carrier with this outcome, and is a general one where no rule has the outcome. */
function wordAs(carrier: Carrier, outcome: VerificationOutcome): CarrierAnswer {
  const rules = carrier.verify?.steps.flatMap((step) => step.rules) ?? []
  const own = rules.findLast(({ then }) => then === outcome)?.because
  return {
    outcome,
    because: own ?? `${carrier.title} ${TOLD[outcome]}`,
    ...(outcome === 'rate_limited' && { retryAfter: WAIT_SECONDS }),
  }
}
