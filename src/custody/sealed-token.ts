import type { Context } from '../context.ts'
import { fail } from '../errors.ts'
import { Secret } from '../secret.ts'
import type { CarrierToken } from '../store/schema.ts'
import { EnvelopeError } from '../vault/envelope.ts'
import type { Place } from '../vault/keyring.ts'
import type { Holder } from './sealed-values.ts'

type Sealed = { token: string; expiresAt: string }

/** Seals an access token with its end, for this connection and this version of its credentials. */
export function sealToken(
  { keyring }: Context,
  holder: Holder,
  version: number,
  token: Secret<Sealed>,
): Uint8Array {
  return keyring.seal(place(holder, version), Buffer.from(JSON.stringify(token.reveal()), 'utf8'))
}

/**
 * Opens the access token of a connection, which is of the version of the credentials that it was minted from.
 * Refuses (500) what was altered or moved, or given another end, and says nothing of it but to the log.
 */
export function openToken(
  { keyring, log }: Context,
  holder: Holder,
  { credentials_version: version, sealed, expires_at }: CarrierToken,
): Secret<string> {
  try {
    const opened = keyring.open(place(holder, version), sealed ?? Buffer.alloc(0))
    const { token, expiresAt } = JSON.parse(opened.toString('utf8')) as Sealed
    if (expiresAt !== expires_at) throw new EnvelopeError()
    return new Secret(token)
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error
    const { tenant_id: tenant, carrier_id } = holder
    log.error({ tenant, carrier_id }, 'integrity violation: an access token does not open where it stands')
    return fail(
      'credentials_unreadable',
      'What is stored for this connection fails its integrity check; it was not used.',
      { carrierId: carrier_id },
    )
  }
}

function place({ tenant_id, environment, carrier_id, carrier }: Holder, version: number): Place {
  const where = { tenantId: tenant_id, environment, carrierId: carrier_id, carrier, version }
  return { purpose: 'connection.token', ...where }
}
