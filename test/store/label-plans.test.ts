import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openTestServer } from '../support/server/test-server.ts'

const OWN = 'tenant_id = ? and environment = ?'
const NEWEST = 'order by created_at desc, label_id desc limit 25'
const OPEN = `status = 'completed' and manifest_id is null`
/** Each row has a statement of the store about labels, and the index whose range answers it in the right order. */
const PLANS: [statement: string, index: string][] = [
  [`select * from label where ${OWN} and label_id in (?, ?, ?)`, 'PRIMARY KEY'],
  [`select * from label where ${OWN} and tracking_number in (?, ?, ?)`, 'label_tracking'],
  [`select * from label where ${OWN} and tracking_number = ? ${NEWEST}`, 'label_tracking'],
  [`select * from label where ${OWN} ${NEWEST}`, 'label_created'],
  [`select * from label where ${OWN} and created_at >= ? and created_at <= ? ${NEWEST}`, 'label_created'],
  [`select * from label where ${OWN} and carrier_id = ? and created_at >= ? ${NEWEST}`, 'label_carrier'],
  [`select * from label where ${OWN} and status = ? ${NEWEST}`, 'label_status'],
  [`select * from label where ${OWN} and carrier_id = ? and status = ? ${NEWEST}`, 'label_carrier_status'],
  [`select * from label where ${OWN} and warehouse_id = ? ${NEWEST}`, 'label_warehouse'],
  [
    `select * from label where ${OWN} and warehouse_id = ? and status = ? ${NEWEST}`,
    'label_warehouse_status',
  ],
  [`select * from label where ${OWN} and service_code = ? ${NEWEST}`, 'label_service'],
  [`select * from label where ${OWN} order by modified_at, label_id limit 25`, 'label_modified'],
  [`select * from label where ${OWN} order by coalesce(voided_at, ''), label_id limit 25`, 'label_voided'],
  [
    `select ship_date from label where ${OWN} and carrier_id = ? and ${OPEN} order by ship_date limit 1`,
    'label_open',
  ],
  [
    `select * from label where ${OWN} and carrier_id = ? and ${OPEN} order by ship_date, label_id limit 25`,
    'label_open',
  ],
  [`select label_id from label where ${OWN} and manifest_id in (?, ?)`, 'label_manifest'],
  [`select * from label where ${OWN} and external_shipment_id = ? ${NEWEST}`, 'label_shipment'],
  [
    `select * from label where ${OWN} and external_shipment_id = ? and status in (?, ?) ${NEWEST}`,
    'label_shipment',
  ],
]

test('SQLite finds labels by the index that is there for it', async (t) => {
  const server = await openTestServer('sqlite')
  const path = (server.env.HAWSER_DATABASE_URL ?? '').slice('sqlite:'.length)
  const db = new DatabaseSync(path)
  t.after(async () => {
    db.close()
    await server.close()
  })
  const plan = (statement: string, on = db) =>
    on
      .prepare(`explain query plan ${statement}`)
      .all(...Array<string>(statement.split('?').length - 1).fill(''))
      .map(({ detail }) => String(detail))
      .join('; ')
  for (const [statement, index] of PLANS)
    assert.match(plan(statement), new RegExp(`USING .*${index} `), statement)

  const told = db
    .prepare(`select idx from sqlite_stat1 where tbl in ('label', 'manifest') order by idx`)
    .all()
  const indexes = db
    .prepare(
      `select name from sqlite_schema where tbl_name in ('label', 'manifest') and (sql is not null) order by name`,
    )
    .all()
  assert.deepEqual(
    told.map(({ idx }) => idx),
    indexes.map(({ name }) => name),
    'the size of each is told',
  )

  db.exec('delete from sqlite_stat1')
  const untold = new DatabaseSync(path)
  assert.match(
    plan(PLANS[1]?.[0] ?? '', untold),
    /PRIMARY KEY/,
    'the control: untold, it reads all of an account',
  )
  untold.close()
})
