import { createHash } from 'node:crypto'
import type { Context } from '../context.ts'
import { fail } from '../errors.ts'
import { Secret } from '../secret.ts'
import type { BuriedConnection, Connection, PreviousCredentials } from '../store/schema.ts'
import { EnvelopeError } from '../vault/envelope.ts'
import type { Place, Purpose } from '../vault/keyring.ts'

/** The values of one form as they are sealed: by the name each is stored under. */
export type SealedValues = Secret<Values>
type Values = Readonly<Record<string, unknown>>

/** The columns of a connection that bind its envelopes to their place. */
export type Holder = Pick<Connection, 'tenant_id' | 'environment' | 'carrier_id' | 'carrier'>

/** Seals what authenticates at the carrier, as version `version` of this connection. */
export function sealCredentials(
  { keyring }: Context,
  holder: Holder,
  version: number,
  values: SealedValues,
): Uint8Array {
  return keyring.seal(place('connection.credentials', holder, version), encode(values))
}

/** Seals the settings of this connection; a carrier without values there has no envelope for them. */
export function sealSettings(
  { keyring }: Context,
  holder: Holder,
  version: number,
  values: SealedValues,
): Uint8Array | null {
  if (Object.keys(values.reveal()).length === 0) return null
  return keyring.seal(place('connection.settings', holder, version), encode(values))
}

/** Opens the credentials of a connection; refuses (500) what was altered or moved, and says nothing of it but to the log. */
export function openCredentials(ctx: Context, connection: Connection): SealedValues {
  return openValues(
    ctx,
    place('connection.credentials', connection, connection.credentials_version),
    connection.credentials,
  )
}

/** Seals credentials that are no longer in force, so that putting their bytes back into force opens nothing. */
export function sealPrevious(
  { keyring }: Context,
  holder: Holder,
  version: number,
  values: SealedValues,
): Uint8Array {
  return keyring.seal(place('connection.previous', holder, version), encode(values))
}

/** Opens the credentials that were in force before the current ones. */
export function openPrevious(ctx: Context, holder: Holder, previous: PreviousCredentials): SealedValues {
  return openValues(
    ctx,
    place('connection.previous', holder, previous.credentials_version),
    previous.credentials,
  )
}

/** Seals all that a deleted connection needs to come back, so that putting its bytes back into force opens nothing. */
export function sealBuried(ctx: Context, connection: Connection): Uint8Array {
  return sealBuriedValues(ctx, connection, {
    credentials: openCredentials(ctx, connection),
    settings: openSettings(ctx, connection),
  })
}

/** The same of values that are opened already. */
export function sealBuriedValues(
  { keyring }: Context,
  holder: Holder & Pick<Connection, 'credentials_version'>,
  { credentials, settings }: Record<'credentials' | 'settings', SealedValues>,
): Uint8Array {
  const values = new Secret({ credentials: credentials.reveal(), settings: settings.reveal() })
  return keyring.seal(place('connection.buried', holder, holder.credentials_version), encode(values))
}

/** Opens what a deleted connection comes back with. */
export function openBuried(
  ctx: Context,
  buried: BuriedConnection,
): { credentials: SealedValues; settings: SealedValues } {
  const opened = openValues(
    ctx,
    place('connection.buried', buried, buried.credentials_version),
    buried.sealed,
  )
  const { credentials, settings } = opened.reveal() as Record<'credentials' | 'settings', Values>
  return { credentials: new Secret(credentials), settings: new Secret(settings) }
}

/** Seals what is kept of a sign-in until the merchant comes back. */
export function sealVerifier({ keyring }: Context, holder: Holder, verifier: Secret<string>): Uint8Array {
  return keyring.seal(
    place('connection.sign_in', holder, 1),
    encode(new Secret({ verifier: verifier.reveal() })),
  )
}

/** Opens what was kept of a sign-in. */
export function openVerifier(ctx: Context, holder: Holder, sealed: Uint8Array): Secret<string> {
  const { verifier } = openValues(ctx, place('connection.sign_in', holder, 1), sealed).reveal()
  return new Secret(String(verifier))
}

/** Opens the settings of a connection; empty where there are none. */
export function openSettings(ctx: Context, connection: Connection): SealedValues {
  if (connection.settings === null) return new Secret({})
  return openValues(
    ctx,
    place('connection.settings', connection, connection.settings_version),
    connection.settings,
  )
}

/** What the audit log keeps of the envelopes, so that an older one put back shows. */
export function fingerprint(credentials: Uint8Array, settings: Uint8Array | null): Buffer {
  return createHash('sha256')
    .update(credentials)
    .update(settings ?? '')
    .digest()
}

const encode = (values: SealedValues) => Buffer.from(JSON.stringify(values.reveal()), 'utf8')

function place(purpose: Purpose, holder: Holder, version: number): Place {
  const { tenant_id, environment, carrier_id, carrier } = holder
  return { purpose, tenantId: tenant_id, environment, carrierId: carrier_id, carrier, version }
}

function openValues({ keyring, log }: Context, where: Place, envelope: Uint8Array): SealedValues {
  try {
    return new Secret(JSON.parse(keyring.open(where, envelope).toString('utf8')) as Record<string, unknown>)
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error
    const { purpose, tenantId, carrierId } = where
    log.error(
      { purpose, tenant: tenantId, carrier_id: carrierId },
      'integrity violation: an envelope does not open where it stands',
    )
    return fail(
      'credentials_unreadable',
      'What is stored for this connection fails its integrity check; it was not used.',
      {
        carrierId,
      },
    )
  }
}
