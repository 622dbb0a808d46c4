import type { Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import { listSealedRows, type SealedRows, type SealedTable } from '../store/tables/tenants/envelopes.ts'
import { createOpener, type Opener } from './opener.ts'

const PART = 200

/** Describes what one tenant has sealed: how many rows there are, and which of them do not open where they stand. */
export type EnvelopeCheck = { rows: number; unreadable: { table: SealedTable; id: string }[] }

/** Each of these functions opens one kind of row. */
const OPENERS: { [T in SealedTable]: (opener: Opener, row: SealedRows[T]) => unknown } = {
  connection: (opener, row) => opener.contents(row),
  deleted_connection: (opener, row) => opener.deleted(row),
  previous_credentials: (opener, row) => opener.previous(row, row),
  carrier_token: (opener, row) => row.sealed && opener.token(row, row),
  sign_in: (opener, row) => opener.verifier(row, row.verifier),
  webhook_endpoint: (opener, row) => opener.webhook(row),
}

/** Opens every envelope of a tenant, a part of its rows at a time, and keeps nothing of their contents. An envelope that does not open is named in the result and is not recorded in the audit log, since this check changes nothing. */
export async function checkEnvelopes(
  ctx: Context,
  tenantId: string,
  { part = PART }: { part?: number } = {},
): Promise<EnvelopeCheck> {
  const found: EnvelopeCheck = { rows: 0, unreadable: [] }
  const opener = createOpener(ctx, () => {})
  for (const environment of ['production', 'sandbox'] as const)
    for (const table of Object.keys(OPENERS) as SealedTable[]) {
      let after = ''
      for (;;) {
        const rows = await ctx.store.read(tenantId, (db) =>
          listSealedRows(db, table, { tenantId, environment }, { after, limit: part }),
        )
        for (const row of rows)
          if (!opens(opener, table, row)) found.unreadable.push({ table, id: idOf(row) })
        found.rows += rows.length
        const last = rows.at(-1)
        if (!last || rows.length < part) break
        after = idOf(last)
      }
    }
  return found
}

const idOf = (row: SealedRows[SealedTable]) => ('webhook_id' in row ? row.webhook_id : row.carrier_id)

function opens<T extends SealedTable>(opener: Opener, table: T, row: SealedRows[T]): boolean {
  try {
    OPENERS[table](opener, row)
    return true
  } catch (error) {
    if (error instanceof ApiError && error.problems[0].condition === 'credentials_unreadable') return false
    throw error
  }
}
