import { isDeepStrictEqual } from 'node:util'
import type { Carrier } from '../catalog/define.ts'
import type { Values } from '../catalog/validate.ts'
import type { Context } from '../context.ts'
import {
  openCredentials,
  openSettings,
  sealCredentials,
  sealPrevious,
  type SealedValues,
} from '../custody/sealed-values.ts'
import { Secret } from '../secret.ts'
import { supersedeToken } from '../store/carrier-tokens.ts'
import type { Tx } from '../store/db.ts'
import { keepPrevious } from '../store/previous-credentials.ts'
import type { Connection } from '../store/schema.ts'
import { provedSettings } from './forms.ts'
import { carrierOf } from './require.ts'
import { refreshTokenOf, withoutSignIn } from './signed-in.ts'
import { withoutCleared } from './values.ts'

/** How long the credentials before the current ones are kept, in days; the next change of credentials ends it too. */
const KEPT_DAYS = 30
const DAY_MS = 24 * 60 * 60_000

/** The credentials and the settings of one connection, opened. */
type Contents = { credentials: Values; settings: Values }

type Sealed = Pick<Connection, 'credentials' | 'credentials_version'>

/** Tells whether two contents are the same credentials: all that is kept as such and the settings that the carrier is asked with, but for the sign-in and for what says nothing. */
export function isSameCredentials(carrier: Carrier, one: Contents, other: Contents): boolean {
  return isDeepStrictEqual(comparable(carrier, one), comparable(carrier, other))
}

const comparable = (carrier: Carrier, contents: Contents): Values =>
  withoutCleared(withoutSignIn(withProved(carrier, contents)))

/**
 * Seals new credentials as the next version, and keeps those in force until now, sealed for another purpose; their access token is gone.
 * The settings that they were proved with are kept with them: other ones belong to another account.
 * Credentials that are in force already keep their version and their access token, and the ones before them stay the way back;
 * of those that only a sign-in tells apart, the ones before stay too.
 */
export async function replaceCredentials(
  ctx: Context,
  tx: Tx,
  connection: Connection,
  next: Contents,
): Promise<Sealed> {
  const { credentials, credentials_version: current } = connection
  const carrier = carrierOf(connection)
  const held = {
    credentials: openCredentials(ctx, connection).reveal() as Values,
    settings: openSettings(ctx, connection).reveal() as Values,
  }
  const [before, after] = [refreshTokenOf(held.credentials), refreshTokenOf(next.credentials)]
  const isSame = isSameCredentials(carrier, held, next)
  if (isSame && before === after) return { credentials, credentials_version: current }
  // Who is spending a refresh token at this moment goes on being the only one who does, put aside or not.
  const isSpentOn = before !== undefined && (after === undefined || after === before)
  await supersedeToken(tx, keyOf(connection), current + 1, isSpentOn)
  if (!isSame) await keepHeld(ctx, tx, connection, new Secret(withProved(carrier, held)))
  return {
    credentials: sealCredentials(ctx, connection, current + 1, new Secret(next.credentials)),
    credentials_version: current + 1,
  }
}

const withProved = (carrier: Carrier, { credentials, settings }: Contents) => ({
  ...credentials,
  ...Object.fromEntries([...provedSettings(carrier)].map((name) => [name, settings[name] ?? null])),
})

const keyOf = ({ tenant_id: tenantId, environment, carrier_id: carrierId }: Connection) => ({
  tenantId,
  environment,
  carrierId,
})

async function keepHeld(ctx: Context, tx: Tx, connection: Connection, held: SealedValues): Promise<void> {
  const { tenant_id, environment, carrier_id, credentials_version } = connection
  const now = ctx.clock()
  await keepPrevious(tx, {
    tenant_id,
    environment,
    carrier_id,
    credentials: sealPrevious(ctx, connection, credentials_version, held),
    credentials_version,
    replaced_at: now.toISOString(),
    erase_after: new Date(now.getTime() + KEPT_DAYS * DAY_MS).toISOString(),
  })
}
