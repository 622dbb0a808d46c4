import type { Store } from '../../../src/store/db.ts'

const HEADER = 6
const PART = 16
/** The tests look for the halves of the salt and of the commitment of an envelope, so that they also find an envelope that is overwritten in part. */
const PARTS = 4

/** The envelopes of a tenant's rows stand under their salt; each is given as the runs of bytes that occur in no other envelope. */
export type Envelopes = Map<string, Buffer[]>

/** Reads every envelope that stands in a row of a connection of this tenant. */
export async function readEnvelopes(store: Store, tenantId: string): Promise<Envelopes> {
  const sealed = await store.read(tenantId, async (db) => [
    ...(
      await db.selectFrom('connection').select('credentials').where('tenant_id', '=', tenantId).execute()
    ).map(({ credentials }) => credentials),
    ...(
      await db
        .selectFrom('previous_credentials')
        .select('credentials')
        .where('tenant_id', '=', tenantId)
        .execute()
    ).map(({ credentials }) => credentials),
    ...(
      await db.selectFrom('deleted_connection').select('sealed').where('tenant_id', '=', tenantId).execute()
    ).map(({ sealed: bytes }) => bytes),
  ])
  return new Map(
    sealed.map((bytes) => {
      const own = Buffer.from(bytes.subarray(HEADER, HEADER + PARTS * PART))
      const parts = Array.from({ length: PARTS }, (_, part) => own.subarray(part * PART, (part + 1) * PART))
      return [own.toString('hex'), parts]
    }),
  )
}
