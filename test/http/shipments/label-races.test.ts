import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openContext } from '../../../src/open-installation.ts'
import { createLog } from '../../../src/log.ts'
import { parseConfig } from '../../../src/config.ts'
import { importLabels, type LabelResult } from '../../../src/manifests/import-labels.ts'
import { Secret } from '../../../src/secret.ts'
import {
  deleteConnectionRow,
  findConnection,
  lockConnection,
} from '../../../src/store/tables/connections/connections.ts'
import { openShipments } from '../../../src/store/tables/shipments/labels.ts'
import { operator } from '../../../src/tenants/operator.ts'
import { databases } from '../../support/database/databases.ts'
import { openTestServer } from '../../support/server/test-server.ts'
import { storedLabels, newLabel, newShipper } from '../../support/shipments/labels.ts'

const ROUNDS = process.env.HAWSER_TEST_QUICK ? 30 : 120

type Guard = 'in its transaction' | 'before its transaction'

/** Imports a label under a connection while another process deletes the connection, which is refused while a label is open. */
async function race(
  database: (typeof databases)[number],
  guard: Guard,
  close: (end: () => Promise<void>) => void,
) {
  const server = await openTestServer(database, { repeatTransactions: false })
  const other = await openContext(parseConfig(server.env).config, createLog('fatal', { write: () => {} }))
  close(async () => {
    await other.store.close()
    await server.close()
  })
  const shipper = await newShipper(server)
  const { tenantId, environment } = shipper
  const actor = { ...operator('cli', { environment }), tenantId }
  const tally = { imported: 0, deleted: 0, stranded: 0 }
  for (let round = 0; round < ROUNDS; round += 1) {
    const carrierId = await shipper.connect()
    const key = { tenantId, environment, carrierId }
    const remove = async () => {
      const early =
        guard === 'in its transaction'
          ? undefined
          : await other.store.read(tenantId, (db) => openShipments(db, key))
      return other.store.transaction(tenantId, async (tx) => {
        await lockConnection(tx, key)
        const connection = await findConnection(tx, key)
        const { count } = early ?? (await openShipments(tx, key))
        if (!connection || count > 0) return false
        await deleteConnectionRow(tx, key)
        return true
      })
    }
    const body = () => new Secret({ labels: [newLabel(carrierId)] })
    const record = () => importLabels(server.ctx, actor, body)
    // Each of the two begins first in half of the rounds.
    const both = round % 2 === 0 ? [record(), remove()] : [remove(), record()].reverse()
    const [[result], isGone] = (await Promise.all(both)) as [LabelResult[], boolean]
    const isIn = result?.outcome === 'imported'
    if (!isIn) assert.equal(result?.problems[0]?.condition, 'connection_unknown')
    if (isIn) tally.imported += 1
    if (isGone) tally.deleted += 1
    if (isIn && isGone) tally.stranded += 1
  }
  assert.equal((await storedLabels(shipper)).labels.length, tally.imported)
  return tally
}

for (const database of databases) {
  test(`an import and a guarded delete never both succeed (${database})`, async (t) => {
    const { imported, deleted, stranded } = await race(database, 'in its transaction', (end) => t.after(end))
    assert.equal(stranded, 0)
    assert.equal(imported + deleted, ROUNDS, 'one of them always does')
    assert.ok(imported > 0 && deleted > 0, `each is first sometimes: ${imported} and ${deleted}`)
  })

  test(`the control: a guard that looks before its transaction strands labels (${database})`, async (t) => {
    assert.ok((await race(database, 'before its transaction', (end) => t.after(end))).stranded > 0)
  })
}
