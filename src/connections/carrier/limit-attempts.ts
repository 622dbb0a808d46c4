import { setTimeout as pause } from 'node:timers/promises'
import type { Carrier } from '../../catalog/define.ts'
import type { CarrierAnswer } from '../../catalog/verification.ts'
import type { Actor, Context } from '../../context.ts'
import { fail } from '../../errors.ts'
import {
  endAttempt,
  forgetRefusals,
  keepRefusal,
  takeAttempt,
  type AttemptTimes,
} from '../../store/tables/connections/login-attempts.ts'
import { LEFT_TO_ASK_MS } from './ask-once.ts'
import { markAttempt, chooseMark, type AskedCredentials, type KnownCredentials } from './attempt-marks.ts'
import { outcomeHeader, refuses } from './verification-result.ts'

/** A login at a carrier is not asked about after `MOST_REFUSALS` refused attempts, each of which counts for `REFUSALS_COUNT_MS` milliseconds. */
export const MOST_REFUSALS = 3
export const REFUSALS_COUNT_MS = 15 * 60_000
/** An attempt counts as over after this many milliseconds, even where its process died; this is longer than a verification takes. */
const RUNNING_MS = 30_000
/** The clocks of processes may differ by this many milliseconds; a time that is later than that was written by a process with a wrong clock. */
export const CLOCKS_APART_MS = 60_000
/** While other callers ask about a login, a waiting caller looks again after `FIRST_LOOK_MS` milliseconds, and then after twice as long each time, up to `LAST_LOOK_MS`. */
const FIRST_LOOK_MS = 25
const LAST_LOOK_MS = 400
/** A caller who found others asking may try again after this many seconds; the others have finished by then. */
const COME_AGAIN_SECONDS = 15

/** An attempt says what a carrier is to be asked about, which values of the connection are in force already (`held`), and when the attempt has to be over (`until`, in milliseconds of the process clock). */
export type Attempt = AskedCredentials & { held?: KnownCredentials | undefined; until: number }

/**
 * Calls `ask`, unless the carrier refused this login three times in the last 15 minutes, for whatever tenant: such an attempt is refused with 429, and the carrier is not asked.
 * Credentials that the carrier has verified have a count of their own. Other credentials for the same connection have a count of the tenant’s own. So no stranger can block either of them. Every refusal is added to all counts, and a verified outcome sets all of them back to zero.
 * No more attempts run at once than could be refused, so that many simultaneous attempts do not evade the limit. A caller who finds so many running waits for their outcomes, as long as there is time to ask afterwards.
 */
export async function limitAttempts(
  ctx: Context,
  actor: Actor,
  attempt: Attempt,
  ask: () => Promise<CarrierAnswer>,
): Promise<CarrierAnswer> {
  const marks = markAttempt(ctx, actor, attempt)
  const all = [marks.same, marks.own, marks.login]
  const standing = chooseMark(ctx, actor, attempt, marks)
  const taken = await admit(ctx, actor, attempt, marks[standing])
  let outcome: CarrierAnswer['outcome'] | undefined
  try {
    const answer = await ask()
    outcome = answer.outcome
    return answer
  } finally {
    await ctx.store.transaction(actor.tenantId, async (tx) => {
      if (outcome && refuses(outcome)) return keepRefusal(tx, taken, all, MOST_REFUSALS)
      await endAttempt(tx, taken)
      if (outcome === 'verified') await forgetRefusals(tx, all)
    })
  }
}

async function admit(ctx: Context, actor: Actor, { carrier, until }: Attempt, account: Buffer) {
  for (let look = FIRST_LOOK_MS; ; look = Math.min(2 * look, LAST_LOOK_MS)) {
    const times = timesAt(ctx.clock())
    const taken = await ctx.store.transaction(actor.tenantId, (tx) =>
      takeAttempt(tx, account, times, MOST_REFUSALS),
    )
    if (taken === 'running') {
      if (performance.now() + look > until - LEFT_TO_ASK_MS) return refuseWhileAsked(carrier)
      await pause(look)
    } else if ('slot' in taken) return taken
    else return refuseForNow(carrier, Date.parse(taken.oldest) - Date.parse(times.since))
  }
}

function timesAt(now: Date): AttemptTimes {
  const after = (ms: number) => new Date(now.getTime() + ms).toISOString()
  return {
    now: after(0),
    since: after(-REFUSALS_COUNT_MS),
    latest: after(CLOCKS_APART_MS),
    until: after(RUNNING_MS),
  }
}

/** Refuses (429) to ask about a login; `milliseconds` is the time for which the refusals of the login still count. */
export function refuseForNow(carrier: Carrier, milliseconds = REFUSALS_COUNT_MS): never {
  const seconds = Math.max(1, Math.ceil(Math.min(milliseconds, REFUSALS_COUNT_MS) / 1_000))
  const minutes = Math.ceil(seconds / 60)
  const when = minutes === 1 ? 'in a minute' : `in ${minutes} minutes`
  return holdBack(
    seconds,
    `${carrier.title} has refused this login ${MOST_REFUSALS} times in 15 minutes. So that it is not locked there, nobody asks about it again for now; try again ${when}.`,
  )
}

const refuseWhileAsked = (carrier: Carrier): never =>
  holdBack(
    COME_AGAIN_SECONDS,
    `${carrier.title} is being asked about this login by others, and has not answered yet; try again in a moment.`,
  )

const holdBack = (seconds: number, message: string): never =>
  fail('verification_paused', message, {
    headers: {
      ...outcomeHeader('unasked'),
      'retry-after': `${seconds}`,
      retryafter: `${seconds}`,
    },
  })
