import { randomUUID } from 'node:crypto'
import {
  judge,
  type Ask,
  type Finding,
  type Material,
  type Reading,
  type Step,
} from '../../catalog/verification.ts'
import type { Context } from '../../context.ts'

/** Milliseconds that all calls of one proof may take together: no caller waits longer for a carrier. */
const LONGEST_PROOF_MS = 14_500

/** What is left of a proof for asking the carrier once the waiting for others is over. */
export const LEFT_TO_ASK_MS = 7_000

/** When a proof that begins now has to be over, in milliseconds of the process. */
export const endOfProof = (): number => performance.now() + LONGEST_PROOF_MS

/** What calls about these values are built from. */
export const materialOf = (
  ctx: Context,
  values: Material['values'],
  operator: Material['operator'],
): Material => ({
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
