import { randomUUID } from 'node:crypto'
import {
  applyRules,
  type Ask,
  type CarrierAnswer,
  type Material,
  type ReplyWords,
  type Step,
} from '../../catalog/verification.ts'
import type { Context } from '../../context.ts'

/** All calls of one verification together may take this many milliseconds, so that no caller waits longer for a carrier. */
const LONGEST_VERIFICATION_MS = 14_500

/** This many milliseconds of a verification remain for asking the carrier once the wait for other callers is over. */
export const LEFT_TO_ASK_MS = 7_000

/** Returns the time by which a verification that begins now has to be over, in milliseconds of the process clock (`performance.now()`). */
export const verificationDeadline = (): number => performance.now() + LONGEST_VERIFICATION_MS

/** Returns the material that the calls about these values are built from. */
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

/** Carries out one step of a verification recipe at the carrier. Returns what was read from the reply (`words`) where the recipe goes on to another step, and otherwise the outcome (`answer`). Never rejects. */
export async function askOnce(
  step: Step,
  material: Material,
  ask: Ask,
): Promise<{ words: ReplyWords } | { answer: CarrierAnswer }> {
  try {
    const reply = await ask(step.call(material))
    const words = step.read(reply)
    const { rule: _rule, outcome, ...result } = applyRules(step, reply, words, material)
    if (outcome !== 'continue') return { answer: { ...result, outcome } }
    return words ? { words } : { answer: { ...result, outcome: 'inconclusive' } }
  } catch {
    return { answer: { outcome: 'unavailable', because: 'The carrier could not be reached.' } }
  }
}
