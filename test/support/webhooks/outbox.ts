import type { Environment } from '../../../src/store/schema/tables.ts'
import type { TestServer } from '../server/test-server.ts'

/** Reads the messages in the outbox of the first tenant, oldest first. */
export async function outbox(server: TestServer, environment: Environment = 'production') {
  const { ctx, tenantId } = server
  return ctx.store.read(tenantId, (db) =>
    db
      .selectFrom('outbox_message')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('environment', '=', environment)
      .orderBy('created_at')
      .orderBy('message_id')
      .execute(),
  )
}

/** Reads what became of the messages of a webhook, newest first. */
export async function attemptsOf(server: TestServer, id: string, key = server.key): Promise<any> {
  return (await server.request('GET', `/v1/environment/webhooks/${id}/attempts?page_size=500`, { key })).json
}
