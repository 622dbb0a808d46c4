import { ltlCarriers, parcelCarriers } from '../../src/catalog/index.ts'
import { connectBody, connectPath, newAccount } from '../../test/support/carriers/new-account.ts'
import type { WireClient } from './client.ts'

/** Connects every carrier of the catalog, is refused by it, replaces its credentials, and reads it back. */
export async function recordEveryCarrier({ send }: WireClient): Promise<void> {
  for (const carrier of [...parcelCarriers, ...ltlCarriers]) {
    const path = connectPath(carrier)
    const account = newAccount(carrier)
    await send('POST', path, { body: {} })
    const connected = await send('POST', path, { body: connectBody(carrier, account) })
    const id = String(connected.json?.carrier_id ?? 'se-0000000000000000')
    await send('PUT', `${path}/${id}`, { body: connectBody(carrier, newAccount(carrier)) })
    await send('GET', carrier.mode === 'ltl' ? `/v-beta/ltl/carriers/${id}` : `${path}/${id}`)
  }
}
