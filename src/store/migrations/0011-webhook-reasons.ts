import type { Kysely } from 'kysely'

/** Adds the reason for which the last attempt of a delivery failed. */
export async function webhookReasons({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable('webhook_delivery').addColumn('last_reason', 'text').execute()
}
