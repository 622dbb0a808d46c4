import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'node:test'
import { openWorkspace } from '../../support/processes/workspace.ts'
import { requireFirstKeys } from '../../support/processes/first-keys.ts'
import type { ServerProcess } from '../../support/processes/server-process.ts'

const PATH = '/v1/connections/carriers/stamps_com'
const LOAD_MS = 30_000
const CALLERS = 6

test('linked database: two servers and the command line behind links, under load with checkpoints forced in between, lose nothing', async (t) => {
  const workspace = await openWorkspace('sqlite')
  t.after(workspace.remove)
  const at = (...parts: string[]) => join(workspace.directory, ...parts)
  mkdirSync(at('disk', 'deep'), { recursive: true })
  mkdirSync(at('one'))
  // The database is reached by a link to its directory, by a link to its file, which does not exist yet, and by the file itself.
  symlinkSync(at('disk'), at('two'))
  symlinkSync('../disk/deep/hawser.db', at('one', 'linked.db'))
  const through = (path: string) => ({
    HAWSER_DATABASE_URL: `sqlite:${path}`,
    HAWSER_KEK_FILE: at('keys', 'kek'),
    HAWSER_RATE_LIMIT: 'off',
  })
  const first = await workspace.serve(through('one/linked.db'))
  const { production: key } = requireFirstKeys(first.stdout())
  const second = await workspace.serve(through('two/deep/hawser.db'))
  assert.deepEqual(readdirSync(at('one')), ['linked.db'], 'nothing stands beside the link')

  let isOver = false
  const acknowledged = new Map<string, number>()
  const deleted = new Set<string>()
  const body = (username: string) => ({ nickname: 'n', username, password: 'p'.repeat(300) })
  const caller = async (server: ServerProcess, number: number) => {
    for (let turn = 0; !isOver; turn += 1) {
      const name = `${server.pid}-${number}-${turn}`
      const made = await server.request('POST', PATH, { key, body: body(name) })
      assert.equal(made.status, 200, made.text)
      const id = made.json.carrier_id as string
      const changed = await server.request('PUT', `${PATH}/${id}`, { key, body: body(`${name}-b`) })
      assert.equal(changed.status, 200, changed.text)
      acknowledged.set(id, 2)
      if (turn % 3 > 0) continue
      assert.equal((await server.request('DELETE', `${PATH}/${id}?purge=true`, { key })).status, 204)
      acknowledged.delete(id)
      deleted.add(id)
    }
  }
  const checkpoints = { forced: 0, emptied: 0 }
  const force = async () => {
    while (!isOver) {
      const db = new DatabaseSync(at('disk', 'deep', 'hawser.db'))
      const { busy } =
        db.prepare(`pragma wal_checkpoint(${checkpoints.forced % 2 ? 'truncate' : 'restart'})`).get() ?? {}
      db.close()
      checkpoints.forced += 1
      checkpoints.emptied += busy === 0 ? 1 : 0
      await pause(40)
    }
  }
  const keys: string[] = []
  const commandLine = async () => {
    while (!isOver) {
      const words = ['--tenant', 'default', '--environment', 'production', '--scopes', 'read', '--json']
      const { code, stdout, stderr } = await workspace.run(
        ['keys', 'create', ...words],
        through('disk/deep/hawser.db'),
      )
      assert.equal(code, 0, stderr)
      keys.push(JSON.parse(stdout).id)
    }
  }
  const load = Promise.all([
    ...[first, second].flatMap((server) => Array.from({ length: CALLERS }, (_, at) => caller(server, at))),
    force(),
    commandLine(),
  ])
  await Promise.race([pause(LOAD_MS), load])
  isOver = true
  await load
  await Promise.all([first.kill(), second.kill()])

  const db = new DatabaseSync(at('disk', 'deep', 'hawser.db'))
  assert.equal(db.prepare('pragma integrity_check').get()?.integrity_check, 'ok')
  const rows = db.prepare('select carrier_id, credentials_version as version from connection').all() as {
    carrier_id: string
    version: number
  }[]
  const stored = new Map(rows.map(({ carrier_id, version }) => [carrier_id, version]))
  const known = new Set(
    db
      .prepare('select key_id from api_key')
      .all()
      .map(({ key_id }) => key_id),
  )
  db.close()
  t.diagnostic(
    `${acknowledged.size} connections kept, ${deleted.size} deleted, ${keys.length} keys, ${JSON.stringify(checkpoints)}`,
  )
  assert.ok(
    acknowledged.size > 50 && deleted.size > 20 && keys.length > 0 && checkpoints.emptied > 10,
    'the control',
  )
  for (const [id, version] of acknowledged) assert.equal(stored.get(id), version, id)
  for (const id of deleted) assert.ok(!stored.has(id), id)
  for (const id of keys) assert.ok(known.has(id), id)
  const doctor = await workspace.run(['doctor'], through('one/linked.db'))
  assert.equal(doctor.code, 0, doctor.stdout)
})
