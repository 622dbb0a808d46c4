import type { DatabaseSync } from 'node:sqlite'

// These functions write rows past the server, so that a SQLite database looks like one that has been used for a long time.

const NUMBERS = 'with recursive n (i) as (select 0 union all select i + 1 from n where i + 1 < ?)'
const TIME = `strftime('%Y-%m-%dT%H:%M:%fZ', 1767225600 + n.i, 'unixepoch')`

function inOne(db: DatabaseSync, work: () => void) {
  db.exec('begin immediate')
  work()
  db.exec('commit')
}

/** Stores connections of one account, in which nothing that is sealed can be opened. */
export function fillConnections(db: DatabaseSync, tenantId: string, count: number): void {
  const { first } = db
    .prepare('select coalesce(max(created_seq), 0) + 1000000 as first from connection')
    .get() as { first: number }
  inOne(db, () =>
    db
      .prepare(
        `${NUMBERS} insert into connection (tenant_id, environment, carrier_id, mode, carrier, nickname, account_number,
          is_primary, connection_status, version, created_seq, created_at, updated_at, credentials, credentials_version,
          settings_version, state)
        select ?, 'production', 'se-many' || n.i, 'parcel', 'ups', 'Shop ' || n.i, 'ACC' || n.i, 0, 'approved', 1,
          ? + n.i, ${TIME}, ${TIME}, zeroblob(300), 1, 1, 'verified' from n`,
      )
      .run(count, tenantId, first),
  )
}

/** Stores events after the last one of an account, with hashes that do not fit. */
export function fillEvents(db: DatabaseSync, tenantId: string, count: number): void {
  const { seq } = db.prepare('select seq from audit_head where tenant_id = ?').get(tenantId) as {
    seq: number
  }
  const hasCounts = db.prepare(`select 1 from sqlite_schema where name = 'audit_count'`).get() !== undefined
  inOne(db, () => {
    db.prepare(
      `${NUMBERS} insert into audit_event (tenant_id, seq, at, environment, actor, action, carrier_id, fields, version,
        outcome, request_id, ip, prev_hash, hash)
      select ?, ? + 1 + n.i, ${TIME}, 'production', 'key:' || (n.i % 5), 'connection.updated', 'se-many' || (n.i % 5000),
        '["password"]', 2, 'succeeded', lower(hex(randomblob(16))), '127.0.0.1', zeroblob(32), zeroblob(32) from n`,
    ).run(count, tenantId, seq)
    db.prepare('update audit_head set seq = ? where tenant_id = ?').run(seq + count, tenantId)
    if (hasCounts)
      db.prepare(
        `insert into audit_count (tenant_id, environment, action, events) values (?, 'production', 'connection.updated', ?)
          on conflict do update set events = events + excluded.events`,
      ).run(tenantId, count)
  })
}

/** Stores messages that were delivered at an endpoint. */
export function fillAttempts(db: DatabaseSync, tenantId: string, webhookId: string, count: number): void {
  inOne(db, () => {
    db.prepare(
      `${NUMBERS} insert into outbox_message (tenant_id, environment, message_id, type, payload, created_at)
      select ?, 'production', 'msg_' || lower(hex(randomblob(12))) || n.i, 'carrier_connected', '{"carrier_id":"se-1"}', ${TIME} from n`,
    ).run(count, tenantId)
    db.prepare(
      `insert into webhook_delivery (tenant_id, environment, webhook_id, message_id, state, attempts, next_at, fence, last_at,
        last_status, created_at)
      select tenant_id, environment, ?, message_id, 'delivered', 1, created_at, 1, created_at, 200, created_at
      from outbox_message where tenant_id = ?`,
    ).run(webhookId, tenantId)
  })
}
