import { isDeepStrictEqual } from 'node:util'
import type { Carrier } from '../../catalog/define.ts'
import type { Values } from '../../catalog/forms/validate.ts'
import type { Context } from '../../context.ts'
import { sealCredentials, sealPrevious, type Holder, type SealedValues } from '../../custody/sealed-values.ts'
import { Secret } from '../../secret.ts'
import type { SupersededCredentials } from '../../store/tables/connections/connection-writes.ts'
import type { Connection, PreviousCredentials } from '../../store/schema/tables.ts'
import { settingsToVerify } from '../form/carrier-forms.ts'
import { carrierOf } from '../request/require.ts'
import { refreshTokenOf, withoutSignIn } from '../sign-in/sign-in-state.ts'
import { withoutCleared } from '../form/values.ts'

/** The previous credentials are kept for this many days, or until the next change of credentials. */
const KEPT_DAYS = 30
const DAY_MS = 24 * 60 * 60_000

/** Connection values are the opened credentials and settings of one connection. */
export type ConnectionValues = { credentials: Values; settings: Values }

/** Returns whether two contents have the same credentials, including the settings that the carrier is asked with; the sign-in and empty values are not compared. */
export function isSameCredentials(carrier: Carrier, one: ConnectionValues, other: ConnectionValues): boolean {
  return isDeepStrictEqual(comparable(carrier, one), comparable(carrier, other))
}

const comparable = (carrier: Carrier, contents: ConnectionValues): Values =>
  withoutCleared(withoutSignIn(withVerified(carrier, contents)))

/** A replacement holds the sealed credentials that come into force, and says what becomes of the credentials before them. */
export type Replacement = {
  values: Values
  sealed: Pick<Connection, 'credentials' | 'credentials_version'>
  superseded?: SupersededCredentials
}

/**
 * Seals new credentials as the next version. The credentials in force until now are sealed for another purpose and kept as the previous ones, and their access token is removed.
 * The settings that the earlier credentials were verified with are kept with those credentials, since other settings may belong to another account.
 * Where the new credentials are those in force already, the version, the access token and the previous credentials stay.
 * Where the new credentials differ only by their sign-in, they become the next version, and the previous credentials stay too.
 */
export function replaceCredentials(
  ctx: Context,
  connection: Connection,
  held: ConnectionValues,
  next: ConnectionValues,
): Replacement {
  const { credentials, credentials_version } = connection
  const carrier = carrierOf(connection)
  const values = next.credentials
  const before = refreshTokenOf(held.credentials)
  const after = refreshTokenOf(values)
  const isSame = isSameCredentials(carrier, held, next)
  if (isSame && before === after) return { values, sealed: { credentials, credentials_version } }
  const nextVersion = credentials_version + 1
  // A process that is spending the refresh token at this moment stays the only one that does, even where the token moves to the previous credentials.
  const isClaimKept = before !== undefined && (after === undefined || after === before)
  const previous = isSame
    ? undefined
    : keptCredentials(ctx, connection, new Secret(withVerified(carrier, held)))
  return {
    values,
    sealed: sealNext(ctx, connection, values),
    superseded: { nextVersion, isClaimKept, previous },
  }
}

/** Seals the credentials of a connection that is connected or restored, as its next version. */
export const sealFirstCredentials = (
  ctx: Context,
  holder: VersionedCredentials,
  values: Values,
): Replacement => ({
  values,
  sealed: sealNext(ctx, holder, values),
})

type VersionedCredentials = Holder & Pick<Connection, 'credentials_version'>

function sealNext(ctx: Context, holder: VersionedCredentials, values: Values): Replacement['sealed'] {
  const credentials_version = holder.credentials_version + 1
  const credentials = sealCredentials(ctx, holder, credentials_version, new Secret(values))
  return { credentials, credentials_version }
}

const withVerified = (carrier: Carrier, { credentials, settings }: ConnectionValues) => ({
  ...credentials,
  ...Object.fromEntries([...settingsToVerify(carrier)].map((name) => [name, settings[name] ?? null])),
})

function keptCredentials(ctx: Context, connection: Connection, held: SealedValues): PreviousCredentials {
  const { tenant_id, environment, carrier_id, credentials_version } = connection
  const now = ctx.clock()
  return {
    tenant_id,
    environment,
    carrier_id,
    credentials: sealPrevious(ctx, connection, credentials_version, held),
    credentials_version,
    replaced_at: now.toISOString(),
    erase_after: new Date(now.getTime() + KEPT_DAYS * DAY_MS).toISOString(),
  }
}
