import type { Carrier } from '../../catalog/define.ts'
import type { Actor, Context } from '../../context.ts'
import type { Connection } from '../../store/schema/tables.ts'
import { diagnose, nextStep, type VerificationResult } from '../carrier/verification-result.ts'
import { isWaiting, SIGN_IN_STEP, WAITS } from '../sign-in/sign-in-state.ts'
import { whyNotAsked } from '../carrier/why-not-asked.ts'

/** Advice says in plain language what is known of a connection, and what to do about it; a member is `null` where nothing is wrong or nothing is to be done. */
export type Advice = { diagnosis: string | null; nextStep: string | null }

/** Returns the advice about a connection; where nobody was asked about it, the advice says why, and names the missing fields where `values` are given. */
export function adviseOnConnection(
  ctx: Context,
  actor: Pick<Actor, 'environment'>,
  connection: Pick<Connection, 'connection_status' | 'state' | 'checked_at' | 'diagnosis'>,
  { carrier, values }: { carrier: Carrier; values?: Readonly<Record<string, unknown>> },
): Advice {
  if (isWaiting(connection)) return adviseOnVerification(WAITS)
  const { diagnosis, state, checked_at } = connection
  if (diagnosis !== null) return { diagnosis: diagnose(diagnosis), nextStep: nextStep(diagnosis) }
  if (state !== 'unverified' || checked_at !== null) return { diagnosis: null, nextStep: null }
  const why = whyNotAsked(ctx, actor, { carrier, values })
  if (why) return { diagnosis: why.because, nextStep: nextStep('unasked') }
  if (ctx.config.verification === 'off')
    return { diagnosis: 'This server does not ask carriers by itself.', nextStep: nextStep('unasked') }
  return { diagnosis: 'The carrier has not been asked yet.', nextStep: nextStep('unavailable') }
}

/** Returns the advice about an outcome that the carrier has just given for stored credentials. */
export const adviseOnVerification = (verification: VerificationResult): Advice => ({
  diagnosis: verification.because,
  nextStep: !verification.asked && verification.waits ? SIGN_IN_STEP : nextStep(verification.outcome),
})
