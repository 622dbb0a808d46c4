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
import { refreshTokenOf } from './signed-in.ts'

/** How long the credentials before the current ones are kept, in days; the next update ends it too. */
const KEPT_DAYS = 30
const DAY_MS = 24 * 60 * 60_000

/**
 * Seals new credentials as the next version, and keeps those in force until now, sealed for another purpose; their access token is gone.
 * The settings that they were proved with are kept with them: other ones belong to another account.
 */
export async function replaceCredentials(
  ctx: Context,
  tx: Tx,
  connection: Connection,
  next: Values,
): Promise<Pick<Connection, 'credentials' | 'credentials_version'>> {
  const { tenant_id, environment, carrier_id, credentials_version: current } = connection
  const now = ctx.clock()
  const held = openCredentials(ctx, connection)
  const settings = openSettings(ctx, connection).reveal()
  const names = [...provedSettings(carrierOf(connection))]
  const proved: SealedValues = new Secret({
    ...held.reveal(),
    ...Object.fromEntries(names.map((name) => [name, settings[name] ?? null])),
  })
  const key = { tenantId: tenant_id, environment, carrierId: carrier_id }
  const [before, after] = [refreshTokenOf(held.reveal()), refreshTokenOf(next)]
  // Who is spending a refresh token at this moment goes on being the only one who does, put aside or not.
  const isSpentOn = before !== undefined && (after === undefined || after === before)
  await supersedeToken(tx, key, current + 1, isSpentOn)
  await keepPrevious(tx, {
    tenant_id,
    environment,
    carrier_id,
    credentials: sealPrevious(ctx, connection, current, proved),
    credentials_version: current,
    replaced_at: now.toISOString(),
    erase_after: new Date(now.getTime() + KEPT_DAYS * DAY_MS).toISOString(),
  })
  return {
    credentials: sealCredentials(ctx, connection, current + 1, new Secret(next)),
    credentials_version: current + 1,
  }
}
