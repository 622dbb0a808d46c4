import type { Context } from '../context.ts'
import type { Secret } from '../secret.ts'
import type { EnvelopePlace } from '../vault/keyring.ts'
import type { Holder } from './sealed-values.ts'

/** Describes an access token as it is sealed, together with its end. */
export type SealedToken = { token: string; expiresAt: string }

/** Seals an access token with its end, for this connection and this version of its credentials. */
export function sealToken(
  { keyring }: Context,
  holder: Holder,
  version: number,
  token: Secret<SealedToken>,
): Uint8Array {
  return keyring.seal(tokenPlace(holder, version), Buffer.from(JSON.stringify(token.reveal()), 'utf8'))
}

/** Returns the place where the access token of a connection opens. */
export function tokenPlace(
  { tenant_id: tenantId, environment, carrier_id: subject, carrier }: Holder,
  version: number,
): EnvelopePlace {
  return { purpose: 'connection.token', tenantId, environment, subject, carrier, version }
}
