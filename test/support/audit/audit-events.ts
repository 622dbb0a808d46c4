import type { TestServer } from '../server/test-server.ts'

/** A shown event has the form in which the log of an account shows it. */
export type ShownEvent = {
  seq: number
  actor: string
  action: string
  carrier_id: string | null
  key_id: string | null
  subject: string | null
  fields: string[]
  changes: { field: string; before: unknown; after: unknown }[] | null
  changes_lost: string | null
}

/** Makes a tenant with a key, so that its audit log has no events of other tests. */
export async function newTenantWithKey(server: TestServer): Promise<{ tenantId: string; key: string }> {
  const tenantId = await server.newTenant()
  return { tenantId, key: await server.newKey({ tenantId }) }
}

/** Reads every audit event that a key of an account may see, newest first. */
export async function auditEventsOf(server: TestServer, key: string, query = ''): Promise<ShownEvent[]> {
  const events: ShownEvent[] = []
  for (let page = 1; ; page += 1) {
    const { json } = await server.request('GET', `/v1/audit?page=${page}&page_size=500${query}`, { key })
    events.push(...json.events)
    if (page >= json.pages) return events
  }
}

/** Writes each change that an event shows as `field: before > after`. */
export const changesInWords = ({ changes }: ShownEvent): string[] =>
  (changes ?? ['none']).map((change) =>
    typeof change === 'string'
      ? change
      : [`${change.field}:`, change.before, '>', change.after].map(String).join(' '),
  )

type Event = { action: string; carrier_id: string | null; fields: string[]; version: number | null }

/** Reads the audit events of one connection, oldest first, each as its action, its fields and the version. */
export async function auditTrail(
  server: TestServer,
  carrierId: string,
): Promise<[action: string, fields: string[], version: number | null][]> {
  const { json } = await server.request('GET', `/v1/audit?page_size=500&carrier_id=${carrierId}`)
  return (json.events as Event[])
    .map(({ action, fields, version }) => [action, fields, version] as const)
    .reverse() as never
}

/** Lists the actor and the action of every audit event, newest first. */
export const actorsAndActions = async (server: TestServer) =>
  (await server.request('GET', '/v1/audit?page_size=500')).json.events.map(
    ({ actor, action }: { actor: string; action: string }) => `${actor} ${action}`,
  )
