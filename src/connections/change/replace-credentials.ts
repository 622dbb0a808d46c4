import { isDeepStrictEqual } from 'node:util'
import type { Carrier } from '../../catalog/define.ts'
import type { Values } from '../../catalog/forms/validate.ts'
import type { Context } from '../../context.ts'
import { sealCredentials, sealPrevious, type Holder, type SealedValues } from '../../custody/sealed-values.ts'
import { Secret } from '../../secret.ts'
import type { SupersededCredentials } from '../../store/tables/connections/connection-writes.ts'
import type { Connection, PreviousCredentials } from '../../store/schema/tables.ts'
import { provedSettings } from '../form/carrier-forms.ts'
import { carrierOf } from '../request/require.ts'
import { refreshTokenOf, withoutSignIn } from '../sign-in/sign-in-state.ts'
import { withoutCleared } from '../form/values.ts'

/** How long the credentials before the current ones are kept, in days; the next change of credentials ends it too. */
const KEPT_DAYS = 30
const DAY_MS = 24 * 60 * 60_000

/** The credentials and the settings of one connection, opened. */
export type Contents = { credentials: Values; settings: Values }

/** Tells whether two contents are the same credentials: all that is kept as such and the settings that the carrier is asked with, but for the sign-in and for what says nothing. */
export function isSameCredentials(carrier: Carrier, one: Contents, other: Contents): boolean {
  return isDeepStrictEqual(comparable(carrier, one), comparable(carrier, other))
}

const comparable = (carrier: Carrier, contents: Contents): Values =>
  withoutCleared(withoutSignIn(withProved(carrier, contents)))

/** Credentials that come into force: sealed, with what becomes of those before them. */
export type Replacement = {
  values: Values
  sealed: Pick<Connection, 'credentials' | 'credentials_version'>
  superseded?: SupersededCredentials
}

/**
 * Seals new credentials as the next version, and keeps those in force until now, sealed for another purpose; their access token is gone.
 * The settings that they were proved with are kept with them: other ones belong to another account.
 * Credentials that are in force already keep their version and their access token, and the ones before them stay the way back;
 * of those that only a sign-in tells apart, the ones before stay too.
 */
export function replaceCredentials(
  ctx: Context,
  connection: Connection,
  held: Contents,
  next: Contents,
): Replacement {
  const { credentials, credentials_version } = connection
  const carrier = carrierOf(connection)
  const values = next.credentials
  const before = refreshTokenOf(held.credentials)
  const after = refreshTokenOf(values)
  const isSame = isSameCredentials(carrier, held, next)
  if (isSame && before === after) return { values, sealed: { credentials, credentials_version } }
  const nextVersion = credentials_version + 1
  // Who is spending a refresh token at this moment goes on being the only one who does, put aside or not.
  const isClaimKept = before !== undefined && (after === undefined || after === before)
  const previous = isSame
    ? undefined
    : keptCredentials(ctx, connection, new Secret(withProved(carrier, held)))
  return {
    values,
    sealed: sealNext(ctx, connection, values),
    superseded: { nextVersion, isClaimKept, previous },
  }
}

/** Seals the credentials of a connection that comes into being or comes back, as its next version. */
export const firstCredentials = (ctx: Context, holder: Versioned, values: Values): Replacement => ({
  values,
  sealed: sealNext(ctx, holder, values),
})

type Versioned = Holder & Pick<Connection, 'credentials_version'>

function sealNext(ctx: Context, holder: Versioned, values: Values): Replacement['sealed'] {
  const credentials_version = holder.credentials_version + 1
  const credentials = sealCredentials(ctx, holder, credentials_version, new Secret(values))
  return { credentials, credentials_version }
}

const withProved = (carrier: Carrier, { credentials, settings }: Contents) => ({
  ...credentials,
  ...Object.fromEntries([...provedSettings(carrier)].map((name) => [name, settings[name] ?? null])),
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
