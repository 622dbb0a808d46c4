import { createHash } from 'node:crypto'
import type { Context } from '../context.ts'
import { Secret } from '../secret.ts'
import type { Connection } from '../store/schema/tables.ts'
import type { EnvelopePlace, EnvelopePurpose } from '../vault/keyring.ts'

/** Describes the values of one form as they are sealed, by the name that each is stored under. */
export type SealedValues = Secret<OpenedValues>
export type OpenedValues = Readonly<Record<string, unknown>>

/** Describes what is sealed of a connection, opened. */
export type OpenedContents = { credentials: OpenedValues; settings: OpenedValues }

/** A holder has the columns of a connection that bind its envelopes to their place. */
export type Holder = Pick<Connection, 'tenant_id' | 'environment' | 'carrier_id' | 'carrier'>

/** Seals the credentials of a connection as version `version`. */
export function sealCredentials(
  { keyring }: Context,
  holder: Holder,
  version: number,
  values: SealedValues,
): Uint8Array {
  return keyring.seal(valuesPlace('connection.credentials', holder, version), encode(values))
}

/** Seals the settings of a connection as version `version`; returns `null` where there are none. */
export function sealSettings(
  { keyring }: Context,
  holder: Holder,
  version: number,
  values: SealedValues,
): Uint8Array | null {
  if (Object.keys(values.reveal()).length === 0) return null
  return keyring.seal(valuesPlace('connection.settings', holder, version), encode(values))
}

/** Seals credentials that are no longer in force, for a purpose of their own. The sealed bytes therefore do not open when somebody copies them into the row of a connection as credentials in force. */
export function sealPrevious(
  { keyring }: Context,
  holder: Holder,
  version: number,
  values: SealedValues,
): Uint8Array {
  return keyring.seal(valuesPlace('connection.previous', holder, version), encode(values))
}

/** Seals everything that a restore of a deleted connection needs, for a purpose of its own. The sealed bytes therefore do not open when somebody copies them into the row of a connection. */
export function sealDeleted(
  { keyring }: Context,
  holder: Holder & Pick<Connection, 'credentials_version'>,
  contents: Secret<OpenedContents>,
): Uint8Array {
  return keyring.seal(valuesPlace('connection.buried', holder, holder.credentials_version), encode(contents))
}

/** Seals the verifier that is kept of a sign-in until the merchant comes back. */
export function sealVerifier({ keyring }: Context, holder: Holder, verifier: Secret<string>): Uint8Array {
  return keyring.seal(
    valuesPlace('connection.sign_in', holder, 1),
    encode(new Secret({ verifier: verifier.reveal() })),
  )
}

/** Returns the digest of a connection’s envelopes. The audit log keeps this digest, so that the log shows when somebody has put an older envelope back. */
export function fingerprint(credentials: Uint8Array, settings: Uint8Array | null): Buffer {
  return createHash('sha256')
    .update(credentials)
    .update(settings ?? '')
    .digest()
}

const encode = (values: SealedValues) => Buffer.from(JSON.stringify(values.reveal()), 'utf8')

/** Returns the place where an envelope of a connection opens. */
export function valuesPlace(purpose: EnvelopePurpose, holder: Holder, version: number): EnvelopePlace {
  const { tenant_id: tenantId, environment, carrier_id: subject, carrier } = holder
  return { purpose, tenantId, environment, subject, carrier, version }
}
