import type { Kysely } from 'kysely'

/** Creates the indexes in which the events before a late page of the audit log, and the events of one actor, are counted without reading the events. */
export async function auditSearch(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createIndex('audit_event_environment')
    .on('audit_event')
    .columns(['tenant_id', 'environment', 'seq', 'at', 'action'])
    .execute()
  await db.schema
    .createIndex('audit_event_actor')
    .on('audit_event')
    .columns(['tenant_id', 'actor', 'environment', 'seq'])
    .execute()
}
