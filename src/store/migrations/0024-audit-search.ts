import type { Kysely } from 'kysely'

/** A far page of the audit log, and what one actor did, are counted in an index and not in the events themselves. */
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
