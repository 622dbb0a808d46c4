import { sql } from 'kysely'
import type { Db } from '../../db.ts'
import type {
  BuriedConnection,
  CarrierToken,
  Connection,
  Environment,
  PreviousCredentials,
  SignInRow,
  WebhookEndpoint,
} from '../../schema/tables.ts'

type Carried<Row> = Row & { carrier: string }

/** The rows that hold something sealed, by their table; each with the carrier that its envelope is bound to, where it is bound to one. */
export type SealedRows = {
  connection: Connection
  buried_connection: BuriedConnection
  previous_credentials: Carried<PreviousCredentials>
  carrier_token: Carried<CarrierToken>
  sign_in: Carried<SignInRow>
  webhook_endpoint: WebhookEndpoint
}
export type SealedTable = keyof SealedRows

/** Lists a part of a tenant's rows in `table`, by their ids, after the one with the id `after`. */
export async function listSealedRows<T extends SealedTable>(
  db: Db,
  table: T,
  scope: { tenantId: string; environment: Environment },
  { after, limit }: { after: string; limit: number },
): Promise<SealedRows[T][]> {
  const id = sql.ref(`sealed.${table === 'webhook_endpoint' ? 'webhook_id' : 'carrier_id'}`)
  const isBeside = table === 'previous_credentials' || table === 'carrier_token' || table === 'sign_in'
  const carrier = isBeside
    ? sql`, (select carrier from connection where connection.tenant_id = sealed.tenant_id
        and connection.environment = sealed.environment and connection.carrier_id = sealed.carrier_id) as carrier`
    : sql``
  const { rows } = await sql<SealedRows[T]>`
    select sealed.*${carrier} from ${sql.table(table)} as sealed
    where sealed.tenant_id = ${scope.tenantId} and sealed.environment = ${scope.environment} and ${id} > ${after}
    order by ${id} limit ${limit}`.execute(db)
  return rows
}
