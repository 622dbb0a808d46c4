import type { Carrier } from '../catalog/define.ts'
import type { Finding, Verification } from '../catalog/verification.ts'
import type { Actor, Context } from '../context.ts'
import { blindDigest } from '../custody/blind-digest.ts'
import { fail } from '../errors.ts'
import { forgetAttempt, takeAttempt } from '../store/verification-attempts.ts'
import { refuses } from './findings.ts'
import { accountKey } from './values.ts'

/** Refused attempts on one account at a carrier before nobody is let through, and for how many milliseconds they count. */
export const MOST_REFUSALS = 3
export const REFUSALS_COUNT_MS = 15 * 60_000

type Values = Readonly<Record<string, unknown>>

/**
 * Lets `ask` through unless this login was refused three times in the last 15 minutes, by whatever tenant: then 429, and nobody is asked.
 * An attempt counts from before the carrier is asked, so that many at once are no way around; what was no refusal is taken back.
 */
export async function limitAttempts(
  ctx: Context,
  actor: Actor,
  carrier: Carrier,
  recipe: Pick<Verification, 'login'> | undefined,
  values: Values,
  ask: () => Promise<Finding>,
): Promise<Finding> {
  const now = ctx.clock()
  const attempt = { account: loginOf(ctx, carrier, recipe, values), at: now.toISOString() }
  const since = new Date(now.getTime() - REFUSALS_COUNT_MS).toISOString()
  const taken = await ctx.store.transaction(actor.tenantId, (tx) =>
    takeAttempt(tx, attempt, since, MOST_REFUSALS),
  )
  if ('oldest' in taken) return refuseForNow(carrier, Date.parse(taken.oldest) - Date.parse(since))
  const finding = await ask()
  if (!refuses(finding.outcome))
    await ctx.store.transaction(actor.tenantId, (tx) => forgetAttempt(tx, attempt, taken.slot))
  return finding
}

function refuseForNow(carrier: Carrier, milliseconds: number): never {
  const seconds = `${Math.max(1, Math.ceil(Math.min(milliseconds, REFUSALS_COUNT_MS) / 1_000))}`
  return fail(
    'verification_paused',
    `${carrier.title} has refused this account ${MOST_REFUSALS} times in 15 minutes. It is not asked again for a while, so that the account is not locked there.`,
    { headers: { 'retry-after': seconds, retryafter: seconds } },
  )
}

/** One mark for one login at a carrier over all tenants; where no login is known, for these very credentials. */
function loginOf(
  ctx: Context,
  { id }: Carrier,
  recipe: Pick<Verification, 'login'> | undefined,
  values: Values,
): Buffer {
  const login = recipe && values[recipe.login]
  const isKnown = typeof login === 'string' || typeof login === 'number'
  return isKnown
    ? blindDigest(ctx, 'login', id, accountKey(`${login}`) ?? '')
    : blindDigest(ctx, 'credentials', id, JSON.stringify(Object.entries(values).sort()))
}
