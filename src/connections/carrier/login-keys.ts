import { accountKey } from '../../catalog/account.ts'
import type { Carrier } from '../../catalog/define.ts'
import type { Verification } from '../../catalog/verification.ts'
import type { Actor, Context } from '../../context.ts'
import { blindDigest } from '../../custody/blind-digest.ts'
import type { ConnectionState } from '../../store/schema/tables.ts'

type Values = Readonly<Record<string, unknown>>

/** What a carrier is to be asked about. */
export type Asked = {
  carrier: Carrier
  recipe: Pick<Verification, 'login' | 'needs'> | undefined
  values: Values
}

/** What is in force of a connection, and what is known of it. */
export type Held = { values: Values; state: ConnectionState }

/** What attempts are counted on: the login over all tenants, the login at one tenant, and the login with these very credentials. */
export type Marks = Readonly<{ login: Buffer; own: Buffer; same: Buffer }>

/** The marks of an attempt; where no login is known, these very credentials stand for it. */
export function markAttempt(
  ctx: Context,
  { tenantId }: Pick<Actor, 'tenantId'>,
  { carrier: { id }, recipe, values }: Asked,
): Marks {
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
 * Which mark decides whether an attempt goes through: of proved credentials that are as they were, their own; of others for a connection
 * that the carrier has spoken about under the same login, the tenant's; of anything else the login's, which all tenants share.
 */
export function standingOf(
  ctx: Context,
  actor: Actor,
  { held, ...asked }: Asked & { held?: Held | undefined },
  marks: Marks,
): keyof Marks {
  if (!held || held.state === 'unverified') return 'login'
  const known = markAttempt(ctx, actor, { ...asked, values: held.values })
  if (!known.login.equals(marks.login)) return 'login'
  const isProved = held.state === 'verified' || held.state === 'degraded'
  return isProved && known.same.equals(marks.same) ? 'same' : 'own'
}
