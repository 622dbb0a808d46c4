import { randomUUID } from 'node:crypto'
import type { Carrier } from '../catalog/define.ts'
import {
  hostsFor,
  judge,
  type Ask,
  type Finding,
  type Material,
  type Reading,
  type Step,
  type Verification,
} from '../catalog/verification.ts'
import type { Actor, Context } from '../context.ts'

type Values = Material['values']

/** Milliseconds that all calls of one proof may take together: no caller waits longer for a carrier. */
const LONGEST_PROOF_MS = 14_500

/** What is left of a proof for asking the carrier once the waiting for others is over. */
export const LEFT_TO_ASK_MS = 7_000

/** When a proof that begins now has to be over, in milliseconds of the process. */
export const endOfProof = (): number => performance.now() + LONGEST_PROOF_MS

/** How a carrier is asked, and in whose name; for one proof. */
export type Line = { ask: Ask; operator: Material['operator'] }

/** The way to a carrier; in the sandbox to the simulated one, with values of an operator’s own. `undefined` where there is none. */
export function lineTo(
  ctx: Context,
  { environment }: Pick<Actor, 'environment'>,
  carrier: Carrier,
  recipe: Pick<Verification, 'hosts' | 'hostFrom' | 'operator'>,
  values: Values,
  until = endOfProof(),
): Line | undefined {
  if (environment === 'sandbox') {
    const operator = sandboxOperator(recipe)
    const ask = ctx.simulator.ask(carrier.id, { values, operator }, ctx.simulator.wantedOutcome(values))
    return ask && { ask, operator }
  }
  const operator = ctx.config.operator.reveal()
  const isHeld = recipe.operator.every((name) => operator[name] !== undefined)
  if (!isHeld) return undefined
  const hosts = hostsFor(recipe, operator)
  const ask: Ask = (call) => ctx.outbound.ask(carrier.id, hosts, call, until - performance.now())
  return { ask, operator }
}

/** What the operator holds at the carriers of the sandbox. */
export const sandboxOperator = ({ operator }: Pick<Verification, 'operator'>): Material['operator'] =>
  Object.fromEntries(operator.map((name) => [name, `sandbox-${name}`]))

/** What calls about these values are built from. */
export const materialOf = (ctx: Context, values: Values, operator: Material['operator']): Material => ({
  values,
  operator,
  at: ctx.clock(),
  requestId: randomUUID(),
})

/** Puts one step; its reading where the carrier’s answer goes on, and otherwise what it means. Never rejects. */
export async function askOnce(
  step: Step,
  material: Material,
  ask: Ask,
): Promise<{ reading: Reading } | { finding: Finding }> {
  try {
    const reply = await ask(step.call(material))
    const reading = step.read(reply)
    const { rule: _rule, outcome, ...judged } = judge(step, reply, reading, material)
    if (outcome !== 'continue') return { finding: { ...judged, outcome } }
    return reading ? { reading } : { finding: { ...judged, outcome: 'inconclusive' } }
  } catch {
    return { finding: { outcome: 'unavailable', because: 'The carrier could not be reached.' } }
  }
}
