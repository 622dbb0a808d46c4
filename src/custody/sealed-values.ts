import { createHash } from 'node:crypto'
import type { Context } from '../context.ts'
import { Secret } from '../secret.ts'
import type { Connection } from '../store/schema/tables.ts'
import type { Place, Purpose } from '../vault/keyring.ts'

/** The values of one form as they are sealed: by the name each is stored under. */
export type SealedValues = Secret<OpenedValues>
export type OpenedValues = Readonly<Record<string, unknown>>

/** What is sealed of a connection. */
export type OpenedContents = { credentials: OpenedValues; settings: OpenedValues }

/** The columns of a connection that bind its envelopes to their place. */
export type Holder = Pick<Connection, 'tenant_id' | 'environment' | 'carrier_id' | 'carrier'>

/** Seals what authenticates at the carrier, as version `version` of this connection. */
export function sealCredentials(
  { keyring }: Context,
  holder: Holder,
  version: number,
  values: SealedValues,
): Uint8Array {
  return keyring.seal(valuesPlace('connection.credentials', holder, version), encode(values))
}

/** Seals the settings of this connection; a carrier without values there has no envelope for them. */
export function sealSettings(
  { keyring }: Context,
  holder: Holder,
  version: number,
  values: SealedValues,
): Uint8Array | null {
  if (Object.keys(values.reveal()).length === 0) return null
  return keyring.seal(valuesPlace('connection.settings', holder, version), encode(values))
}

/** Seals credentials that are no longer in force, so that putting their bytes back into force opens nothing. */
export function sealPrevious(
  { keyring }: Context,
  holder: Holder,
  version: number,
  values: SealedValues,
): Uint8Array {
  return keyring.seal(valuesPlace('connection.previous', holder, version), encode(values))
}

/** Seals all that a deleted connection needs to come back, so that putting its bytes back into force opens nothing. */
export function sealDeleted(
  { keyring }: Context,
  holder: Holder & Pick<Connection, 'credentials_version'>,
  contents: Secret<OpenedContents>,
): Uint8Array {
  return keyring.seal(valuesPlace('connection.buried', holder, holder.credentials_version), encode(contents))
}

/** Seals what is kept of a sign-in until the merchant comes back. */
export function sealVerifier({ keyring }: Context, holder: Holder, verifier: Secret<string>): Uint8Array {
  return keyring.seal(
    valuesPlace('connection.sign_in', holder, 1),
    encode(new Secret({ verifier: verifier.reveal() })),
  )
}

/** Digests the envelopes as the audit log keeps them, so that an older one put back shows. */
export function fingerprint(credentials: Uint8Array, settings: Uint8Array | null): Buffer {
  return createHash('sha256')
    .update(credentials)
    .update(settings ?? '')
    .digest()
}

const encode = (values: SealedValues) => Buffer.from(JSON.stringify(values.reveal()), 'utf8')

/** Says where an envelope of a connection opens. */
export function valuesPlace(purpose: Purpose, holder: Holder, version: number): Place {
  const { tenant_id: tenantId, environment, carrier_id: subject, carrier } = holder
  return { purpose, tenantId, environment, subject, carrier, version }
}
