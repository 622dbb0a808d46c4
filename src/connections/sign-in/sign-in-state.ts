import { accountKey, accountNumber } from '../../catalog/account.ts'
import type { Carrier } from '../../catalog/define.ts'
import { REFRESH_TOKEN, type SignIn } from '../../catalog/sign-in.ts'
import type { Values } from '../../catalog/forms/validate.ts'
import type { Context } from '../../context.ts'
import type { Connection } from '../../store/schema/tables.ts'
import type { Proof } from '../carrier/proof.ts'

type Held = Readonly<Record<string, unknown>>

/** Of credentials that only the sign-in at the carrier can prove. */
export const WAITS: Proof = {
  asked: false,
  outcome: 'unasked',
  waits: true,
  because: 'The merchant has not signed in yet.',
}

/** What to do about it. */
export const SIGN_IN_STEP =
  'Send the merchant to sign in at the carrier: POST …/sign_in of this connection answers where.'

/** The same of credentials that the sign-in which was there does not go with. */
export const SIGN_IN_LOST: Proof = {
  ...WAITS,
  because: 'The sign-in at the carrier is of another account; the merchant has to sign in for this one.',
}

/** How merchants sign in at the carrier, where it has that and the operator has set it up. */
export function signInOf({ config }: Pick<Context, 'config'>, carrier: Carrier): SignIn | undefined {
  return config.signIns.includes(carrier.id) ? carrier.signIn : undefined
}

/** The refresh token among opened credentials; absent where nobody has signed in. */
export function refreshTokenOf(values: Held): string | undefined {
  const token = values[REFRESH_TOKEN]
  return typeof token === 'string' ? token : undefined
}

/** Credentials as they may be compared and handed out: without what the sign-in left. */
export function withoutSignIn<V extends Held>(values: V): V {
  const { [REFRESH_TOKEN]: _token, ...rest } = values
  return rest as V
}

/** Earlier credentials that are to come back into force, with the sign-in of those in force; where that is of another account or there is none, with their own. */
export function carrySignIn(carrier: Carrier, held: Held, earlier: Values): Values {
  const token = refreshTokenOf(held)
  const isSame = accountKey(accountNumber(carrier, held)) === accountKey(accountNumber(carrier, earlier))
  // Of one account the newer token has replaced the older, which is spent.
  return token !== undefined && isSame ? { ...earlier, [REFRESH_TOKEN]: token } : earlier
}

/** Whether credentials that come into force have lost the sign-in that those before them had. */
export const losesSignIn = (held: Held, next: Held): boolean =>
  refreshTokenOf(held) !== undefined && refreshTokenOf(next) === undefined

/** Whether a connection waits for the sign-in, so that nothing else can prove it. */
export const isWaiting = ({ connection_status }: Pick<Connection, 'connection_status'>): boolean =>
  connection_status === 'pending_approval'
