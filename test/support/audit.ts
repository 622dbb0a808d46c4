import type { House } from './harness.ts'

/** An event as the log of an account shows it. */
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

/** A tenant of its own with a key for it, so that its log holds nothing of others. */
export async function newcomer(house: House): Promise<{ tenantId: string; key: string }> {
  const tenantId = await house.newTenant()
  return { tenantId, key: await house.newKey({ tenantId }) }
}

/** Every event of an account that one of its keys sees, newest first. */
export async function eventsOf(house: House, key: string, query = ''): Promise<ShownEvent[]> {
  const events: ShownEvent[] = []
  for (let page = 1; ; page += 1) {
    const { json } = await house.request('GET', `/v1/audit?page=${page}&page_size=500${query}`, { key })
    events.push(...json.events)
    if (page >= json.pages) return events
  }
}

/** What an event shows, in few words: `field: before > after`. */
export const inWords = ({ changes }: ShownEvent): string[] =>
  (changes ?? ['none']).map((change) =>
    typeof change === 'string'
      ? change
      : [`${change.field}:`, change.before, '>', change.after].map(String).join(' '),
  )
