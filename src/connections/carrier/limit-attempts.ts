import { setTimeout as pause } from 'node:timers/promises'
import type { Carrier } from '../../catalog/define.ts'
import type { Finding } from '../../catalog/verification.ts'
import type { Actor, Context } from '../../context.ts'
import { fail } from '../../errors.ts'
import {
  endAttempt,
  forgetRefusals,
  keepRefusal,
  takeAttempt,
  type Times,
} from '../../store/tables/connections/login-attempts.ts'
import { LEFT_TO_ASK_MS } from './ask-carrier.ts'
import { markAttempt, standingOf, type Asked, type Held } from './login-keys.ts'
import { outcomeHeader, refuses } from './proof.ts'

/** Refused attempts on one login at a carrier before nobody is let through, and for how many milliseconds they count. */
export const MOST_REFUSALS = 3
export const REFUSALS_COUNT_MS = 15 * 60_000
/** Longer than a proof takes: an attempt whose process died is over after this. */
const RUNNING_MS = 30_000
/** How far clocks of processes may be apart; what is later than that was written by one that was wrong. */
export const CLOCKS_APART_MS = 60_000
const [FIRST_LOOK_MS, LAST_LOOK_MS] = [25, 400]
/** When to come again for who found others asking all the time: they are over by then. */
const COME_AGAIN_SECONDS = 15

/** What a carrier is to be asked about, what is in force of it already, and when that has to be over, in milliseconds of the process. */
export type Attempt = Asked & { held?: Held | undefined; until: number }

/**
 * Lets `ask` through unless this login was refused three times in the last 15 minutes, by whatever tenant: then 429, and nobody is asked.
 * Credentials that the carrier has proved, and others for their connection, have three of their own: no stranger can bar them. Every refusal counts for all, and an answer that proves ends the count.
 * No more are under way than could be refused, so that many at once are no way around; who finds them so waits for what becomes of them, as long as there is time to ask after that.
 */
export async function limitAttempts(
  ctx: Context,
  actor: Actor,
  attempt: Attempt,
  ask: () => Promise<Finding>,
): Promise<Finding> {
  const marks = markAttempt(ctx, actor, attempt)
  const all = [marks.same, marks.own, marks.login]
  const taken = await admit(ctx, actor, attempt, marks[standingOf(ctx, actor, attempt, marks)])
  let outcome: Finding['outcome'] | undefined
  try {
    const finding = await ask()
    outcome = finding.outcome
    return finding
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

function timesAt(now: Date): Times {
  const after = (ms: number) => new Date(now.getTime() + ms).toISOString()
  return {
    now: after(0),
    since: after(-REFUSALS_COUNT_MS),
    latest: after(CLOCKS_APART_MS),
    until: after(RUNNING_MS),
  }
}

/** Refuses (429) to ask about a login for as long as its refusals count, or what is left of that. */
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
