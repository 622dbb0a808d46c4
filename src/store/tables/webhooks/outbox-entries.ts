import type { Tx } from '../../db.ts'
import { insertMessage } from './outbox.ts'
import type { Connection, OutboxMessage } from '../../schema/tables.ts'
import type { TenantScope } from '../../scope.ts'
import { listSubscribers } from './endpoints.ts'

/** An outbox entry is a message about a connection; the message is composed only where a webhook wants its type. */
export type OutboxEntry = {
  scope: TenantScope
  type: string
  compose: (connection: Connection) => OutboxMessage
}

/** Puts a message into the outbox for every webhook that wants its type; `find` reads the connection as the transaction leaves it. */
export async function addToOutbox(
  tx: Tx,
  { scope, type, compose }: OutboxEntry,
  find: () => Promise<Connection | undefined>,
): Promise<void> {
  const webhookIds = await listSubscribers(tx, scope, type)
  if (webhookIds.length === 0) return
  const connection = await find()
  if (!connection) throw new Error('A message names a connection that is not there.')
  await insertMessage(tx, compose(connection), webhookIds)
}
