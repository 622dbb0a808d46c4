import { sql } from 'kysely'
import type { Db } from '../../db.ts'
import type {
  DeletedConnection,
  CarrierToken,
  Connection,
  Environment,
  PreviousCredentials,
  SignInRow,
  WebhookEndpoint,
} from '../../schema/tables.ts'

type Carried<Row> = Row & { carrier: string }

/** `SealedRows` gives for each table with sealed values its row, together with the carrier that the row's envelope is bound to, where there is one. */
export type SealedRows = {
  connection: Connection
  deleted_connection: DeletedConnection
  previous_credentials: Carried<PreviousCredentials>
  carrier_token: Carried<CarrierToken>
  sign_in: Carried<SignInRow>
  webhook_endpoint: WebhookEndpoint
}
export type SealedTable = keyof SealedRows

/** Lists at most `limit` rows of a tenant in `table` in the order of their ids, after the row with the id `after`. */
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
