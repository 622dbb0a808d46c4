import type { Carrier } from '../../catalog/define.ts'
import type { Actor, Context } from '../../context.ts'
import type { Connection } from '../../store/schema/tables.ts'
import { diagnose, nextStep, type Proof } from '../carrier/proof.ts'
import { isWaiting, SIGN_IN_STEP, WAITS } from '../sign-in/sign-in-state.ts'
import { whyUnasked } from '../carrier/why-not-asked.ts'

/** What is known of a connection in plain language, and what to do about it; `null` where nothing is wrong, and where nothing is to be done. */
export type Advice = { diagnosis: string | null; nextStep: string | null }

/** What to tell of a connection; of one that nobody was asked about it says why, by name where `values` are at hand. */
export function adviceOf(
  ctx: Context,
  actor: Pick<Actor, 'environment'>,
  connection: Pick<Connection, 'connection_status' | 'state' | 'checked_at' | 'diagnosis'>,
  carrier: Carrier,
  values?: Readonly<Record<string, unknown>>,
): Advice {
  if (isWaiting(connection)) return adviceAbout(WAITS)
  const { diagnosis, state, checked_at } = connection
  if (diagnosis !== null) return { diagnosis: diagnose(diagnosis), nextStep: nextStep(diagnosis) }
  if (state !== 'unverified' || checked_at !== null) return { diagnosis: null, nextStep: null }
  const why = whyUnasked(ctx, actor, carrier, values)
  return why
    ? { diagnosis: why.because, nextStep: nextStep('unasked') }
    : ctx.config.verification === 'off'
      ? { diagnosis: 'This server does not ask carriers by itself.', nextStep: nextStep('unasked') }
      : { diagnosis: 'The carrier has not been asked yet.', nextStep: nextStep('unavailable') }
}

/** What to tell of a proof that has just been made of stored credentials. */
export const adviceAbout = (proof: Proof): Advice => ({
  diagnosis: proof.because,
  nextStep: !proof.asked && proof.waits ? SIGN_IN_STEP : nextStep(proof.outcome),
})
