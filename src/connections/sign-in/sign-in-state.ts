import { accountKey, accountNumber } from '../../catalog/account.ts'
import type { Carrier } from '../../catalog/define.ts'
import { REFRESH_TOKEN, type SignIn } from '../../catalog/sign-in.ts'
import type { Values } from '../../catalog/forms/validate.ts'
import type { Context } from '../../context.ts'
import type { Connection } from '../../store/schema/tables.ts'
import type { VerificationResult } from '../carrier/verification-result.ts'

type CredentialValues = Readonly<Record<string, unknown>>

/** This is the outcome for credentials that only the sign-in at the carrier can verify. */
export const WAITS: VerificationResult = {
  asked: false,
  outcome: 'unasked',
  waits: true,
  because: 'The merchant has not signed in yet.',
}

/** This text says what to do about a connection that waits for a sign-in. */
export const SIGN_IN_STEP =
  'Send the merchant to sign in at the carrier: POST …/sign_in of this connection answers where.'

/** This is the outcome for credentials that the earlier sign-in at the carrier does not belong to. */
export const SIGN_IN_LOST: VerificationResult = {
  ...WAITS,
  because: 'The sign-in at the carrier is of another account; the merchant has to sign in for this one.',
}

/** Returns how merchants sign in at the carrier; `undefined` where the carrier has no sign-in or the operator has not set it up. */
export function signInOf({ config }: Pick<Context, 'config'>, carrier: Carrier): SignIn | undefined {
  return config.signIns.includes(carrier.id) ? carrier.signIn : undefined
}

/** Returns the refresh token among opened credentials; `undefined` where nobody has signed in. */
export function refreshTokenOf(values: CredentialValues): string | undefined {
  const token = values[REFRESH_TOKEN]
  return typeof token === 'string' ? token : undefined
}

/** Returns credentials without the refresh token of a sign-in, so that they may be compared and handed out. */
export function withoutSignIn<V extends CredentialValues>(values: V): V {
  const { [REFRESH_TOKEN]: _token, ...rest } = values
  return rest as V
}

/** Returns earlier credentials that are to come back into force. They get the sign-in of the credentials in force where that is of the same account; otherwise they keep their own sign-in. */
export function carrySignIn(carrier: Carrier, held: CredentialValues, earlier: Values): Values {
  const token = refreshTokenOf(held)
  const isSame = accountKey(accountNumber(carrier, held)) === accountKey(accountNumber(carrier, earlier))
  // For one account the newer token has replaced the older one, which is spent.
  return token !== undefined && isSame ? { ...earlier, [REFRESH_TOKEN]: token } : earlier
}

/** Returns whether the credentials that come into force lack the sign-in that those before them had. */
export const losesSignIn = (held: CredentialValues, next: CredentialValues): boolean =>
  refreshTokenOf(held) !== undefined && refreshTokenOf(next) === undefined

/** Returns whether a connection waits for the sign-in, so that nothing else can verify its credentials. */
export const isWaiting = ({ connection_status }: Pick<Connection, 'connection_status'>): boolean =>
  connection_status === 'pending_approval'
