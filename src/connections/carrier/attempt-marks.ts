import { accountKey } from '../../catalog/account.ts'
import type { Carrier } from '../../catalog/define.ts'
import type { Verification } from '../../catalog/verification.ts'
import type { Actor, Context } from '../../context.ts'
import { blindDigest } from '../../custody/blind-digest.ts'
import type { ConnectionState } from '../../store/schema/tables.ts'

type Values = Readonly<Record<string, unknown>>

/** Describes what a carrier is to be asked about. */
export type AskedCredentials = {
  carrier: Carrier
  recipe: Pick<Verification, 'login' | 'needs'> | undefined
  values: Values
}

/** Describes the values of a connection that are in force, and the state of the connection. */
export type KnownCredentials = { values: Values; state: ConnectionState }

/** Marks are the keys that attempts are counted on: the login over all tenants, the login at one tenant, and the login with exactly these credentials. */
export type AttemptMarks = Readonly<{ login: Buffer; own: Buffer; same: Buffer }>

/** Returns the marks of an attempt; where no login is known, the credentials take its place. */
export function markAttempt(
  ctx: Context,
  { tenantId }: Pick<Actor, 'tenantId'>,
  { carrier: { id }, recipe, values }: AskedCredentials,
): AttemptMarks {
  const named = recipe && values[recipe.login]
  const isKnown = typeof named === 'string' || typeof named === 'number'
  const needed = recipe ? recipe.needs.map((name) => [name, values[name]]) : Object.entries(values).sort()
  const credentials = JSON.stringify(needed)
  const login = isKnown ? `named ${accountKey(`${named}`) ?? ''}` : `unnamed ${credentials}`
  return {
    login: blindDigest(ctx, 'login', id, login),
    own: blindDigest(ctx, 'own login', id, login, tenantId),
    same: blindDigest(ctx, 'same credentials', id, login, credentials),
  }
}

/**
 * Returns the mark that decides whether an attempt may run. Verified credentials that have not changed use the mark `same`.
 * Other credentials for a connection that the carrier has answered about under the same login use the tenant’s mark `own`. Everything else uses the mark `login`, which all tenants share.
 */
export function chooseMark(
  ctx: Context,
  actor: Actor,
  { held, ...asked }: AskedCredentials & { held?: KnownCredentials | undefined },
  marks: AttemptMarks,
): keyof AttemptMarks {
  if (!held || held.state === 'unverified') return 'login'
  const known = markAttempt(ctx, actor, { ...asked, values: held.values })
  if (!known.login.equals(marks.login)) return 'login'
  const isProved = held.state === 'verified' || held.state === 'degraded'
  return isProved && known.same.equals(marks.same) ? 'same' : 'own'
}
