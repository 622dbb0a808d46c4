import type { Tx } from '../../db.ts'
import { insertMessage } from './outbox.ts'
import type { Connection, OutboxMessage } from '../../schema/tables.ts'
import type { Scope } from '../../scope.ts'
import { listSubscribers } from './endpoints.ts'

/** A message about a connection that is composed only where some webhook wants its type. */
export type OutboxEntry = {
  scope: Scope
  type: string
  compose: (connection: Connection) => OutboxMessage
}

/** Puts a message into the outbox for every webhook that wants it; the connection is read as the transaction leaves it. */
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
