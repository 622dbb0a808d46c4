import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'node:test'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { runAsOwner, databases } from '../../support/database/databases.ts'
import { openWorkspace, type Workspace } from '../../support/processes/workspace.ts'
import { requireFirstKeys } from '../../support/processes/first-keys.ts'

const MINUTE = 60_000
const PATH = '/v1/connections/carriers/ups'

/** Moves the time at which deleted connections are erased, while no server runs. */
async function endAt(workspace: Workspace, ms: number): Promise<void> {
  const change = `update deleted_connection set erase_after = '${new Date(Date.now() + ms).toISOString()}'`
  if (workspace.env.HAWSER_DATABASE_URL?.startsWith('postgres')) {
    await runAsOwner(workspace.env.HAWSER_DATABASE_URL, change)
    return
  }
  const db = new DatabaseSync(join(workspace.directory, 'data', 'hawser.db'), { timeout: 5_000 })
  db.exec(change)
  db.close()
}

for (const database of databases)
  test(`erase status: says what is kept, what is late and what is left in the files, and a server erases what is due (${database})`, async (t) => {
    const workspace = await openWorkspace(database)
    t.after(workspace.remove)
    const none = await workspace.run(['erase', 'status'])
    assert.equal(none.code, 78, 'no installation is made')
    const first = await workspace.serve()
    const { production: key } = requireFirstKeys(first.stdout())
    const { json } = await first.request('POST', PATH, { key, body: connectBodies.ups })
    assert.equal((await first.request('DELETE', `${PATH}/${json.carrier_id}`, { key })).status, 204)
    await pause(1_200)
    const beside = await workspace.run(['erase', 'status'])
    assert.equal(beside.code, 0, beside.stderr)
    assert.match(beside.stdout, /^deleted connections: 1 kept, 0 overdue, next \d{4}-/m)
    assert.match(beside.stdout, /^earlier credentials: 0 kept, 0 overdue, next -$/m)
    assert.match(
      beside.stdout,
      database === 'sqlite'
        ? /^SQLite: secure_delete on, (the log is empty|\d+ bytes wait in the log)$/m
        : /^PostgreSQL: the server vacuums these tables[^]*^ {2}connection +\d+ dead rows, vacuumed /m,
    )
    await first.stop()

    const status = async () => {
      const { code, stdout } = await workspace.run(['erase', 'status', '--json'])
      return { code, ...JSON.parse(stdout) }
    }
    await endAt(workspace, -5 * MINUTE)
    const { next, ...soon } = (await status()).deleted_connections
    assert.deepEqual(soon, { kept: 1, overdue: 1 })
    assert.ok(Date.parse(next) < Date.now())
    assert.equal((await status()).code, 0, 'a server may be about to')
    await endAt(workspace, -11 * MINUTE)
    const late = await status()
    assert.deepEqual([late.code, late.late, late.files.dialect], [1, true, database])

    const second = await workspace.serve()
    for (let looks = 0; (await status()).deleted_connections.kept === 1 && looks < 20; looks += 1)
      await pause(100)
    const done = await status()
    assert.deepEqual(
      [done.code, done.deleted_connections, done.earlier_credentials],
      [0, { kept: 0, overdue: 0, next: null }, { kept: 0, overdue: 0, next: null }],
    )
    const { json: audit } = await second.request('GET', '/v1/audit?action=connection.erased', { key })
    assert.deepEqual(
      audit.events.map(({ actor, carrier_id }: Record<string, string>) => [actor, carrier_id]),
      [['system', json.carrier_id]],
    )
    await second.stop()
  })
