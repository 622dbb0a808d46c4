import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { formatKek } from '../../../src/vault/kek-source.ts'
import { runAsOwner, databases } from '../../support/database/databases.ts'
import { openWorkspace, type Workspace } from '../../support/processes/workspace.ts'
import { firstKeys, requireFirstKeys } from '../../support/processes/first-keys.ts'

for (const database of databases)
  describe(`doctor and migrate (${database})`, { concurrency: 2 }, () => {
    test(`doctor: says what is configured and checks it, without a secret, and finds a tampered audit log (${database})`, async (t) => {
      const own = await openWorkspace(database)
      t.after(own.remove)
      const url = own.env.HAWSER_DATABASE_URL?.replace('://owner@', '://owner:hunter2@')
      const settings = { HAWSER_DATABASE_URL: url, HAWSER_KEK: formatKek(Buffer.alloc(32, 3)) }
      const permission = { HAWSER_WEBHOOK_HTTP: 'true', HAWSER_OUTBOUND_ALLOW: '127.0.0.1' }
      const running = await own.serve({ ...settings, ...permission })
      const { production: key } = requireFirstKeys(running.stdout())
      const body = { event: 'carrier_connected', url: 'http://127.0.0.1:9/hook' }
      const made = await running.request('POST', '/v1/environment/webhooks', { key, body })
      assert.equal(made.status, 200)
      const permitted = await own.run(['doctor'], { ...settings, ...permission })
      assert.doesNotMatch(permitted.stdout, /^webhook /m)
      const unknown = await running.request('GET', '/v1/carriers', { key: 'no-key-of-hawser' })
      assert.equal(unknown.status, 401)
      const { stdout, code } = await own.run(['doctor'], settings)
      assert.match(stdout, /audit log of system: 1 events, chain intact/)
      assert.match(
        stdout,
        /^webhook se-[0-9a-v]{16} of se-default: nothing is delivered any more, for its url is not https/m,
      )
      assert.equal(code, 0)
      assert.match(stdout, /HAWSER_KEK +\[secret\] \(HAWSER_KEK\)/)
      assert.match(stdout, /HAWSER_PORT +0 \(HAWSER_PORT\)/)
      assert.match(stdout, /^not verified: Stamps\.com, for lack of HAWSER_STAMPS_COM_INTEGRATION_ID$/m)
      assert.match(stdout, /audit log of se-default: 4 events, chain intact/)
      assert.match(stdout, /envelopes of se-default: 1 rows, 0 do not open/)
      assert.match(stdout, /^changes of se-default: 2 rows, 0 broken, 0 erased$/m)
      assert.ok(!stdout.includes('hunter2') && !stdout.includes(settings.HAWSER_KEK.slice(5, 20)))
      await running.stop()
      const intact = await own.run(['doctor'], settings)
      assert.equal(intact.code, 0)
      assert.equal(JSON.parse((await own.run(['doctor', '--json'], settings)).stdout).ok, true)
      const changeless = `delete from audit_change where tenant_id = 'se-default' and seq = 4`
      if (database === 'postgres') await runAsOwner(url ?? '', changeless)
      else change(own, changeless)
      const gone = await own.run(['doctor'], settings)
      assert.equal(gone.code, 1)
      assert.match(gone.stdout, /audit log of se-default: 4 events, chain intact, newest/)
      assert.match(gone.stdout, /^ {2}what it changed is gone, and nothing on record erased it: event 4$/m)
      assert.match(gone.stdout, /^changes of se-default: 1 rows, 1 broken, 0 erased$/m)
      const headless = `delete from audit_head where tenant_id = 'se-default'`
      if (database === 'postgres') await runAsOwner(url ?? '', headless)
      else change(own, headless)
      const found = await own.run(['doctor'], settings)
      assert.equal(found.code, 1)
      assert.match(found.stdout, /audit log of se-default: 4 events, chain intact, but its head is missing/)
      const edit = `update audit_event set actor = 'nobody' where tenant_id = 'se-default' and seq = 2`
      if (database === 'postgres') await runAsOwner(url ?? '', edit)
      else tamper(own, edit)
      const tampered = await own.run(['doctor'], settings)
      assert.equal(tampered.code, 1)
      assert.match(tampered.stdout, /audit log of se-default: .*broken at 2/)

      const { code: failed, stdout: object } = await own.run(['doctor', '--json'], settings)
      const report = JSON.parse(object)
      assert.deepEqual([failed, object.trimEnd().split('\n').length, report.ok], [1, 1, false])
      assert.equal(report.database, database)
      const [, { tenant_id, audit, envelopes, changes }] = report.tenants
      assert.deepEqual([tenant_id, audit.broken_at, envelopes.unreadable], ['se-default', 2, []])
      assert.deepEqual(changes, { rows: 1, erased: 0, unreadable: [], missing: [4], foreign: [] })
      assert.ok(
        report.configuration.some(({ name, value }: any) => name === 'HAWSER_KEK' && value === '[secret]'),
      )
      assert.ok(!object.includes('hunter2') && !object.includes(settings.HAWSER_KEK.slice(5, 20)))
    })

    test(`doctor: says of the database as a whole what is broken and what mends it (${database})`, async (t) => {
      const own = await openWorkspace(database)
      t.after(own.remove)
      await (await own.serve()).stop()
      const run = async (statement: string) => {
        if (database === 'postgres') await runAsOwner(own.env.HAWSER_DATABASE_URL ?? '', statement)
        else change(own, statement)
      }
      const whole = await own.run(['doctor'])
      assert.match(whole.stdout, /^database as a whole: nothing is broken$/m)
      assert.equal(whole.code, 0)
      await run('drop index label_open')
      const less = await own.run(['doctor'])
      assert.equal(less.code, 1)
      assert.match(
        less.stdout,
        /^ {2}broken: the index label_open on label is missing\n {4}.* run: .*create index label_open/im,
      )
      assert.match(less.stdout, /^audit log of se-default: /m, 'the rest is looked at')
      await run('drop table webhook_rotation')
      const gone = await own.run(['doctor', '--json'])
      const { ok, database_faults: faults, tenants } = JSON.parse(gone.stdout)
      assert.deepEqual([gone.code, ok, tenants], [1, false, undefined])
      assert.deepEqual(
        faults.map(({ kind, what }: any) => [kind, what]),
        [
          ['schema', 'the index label_open on label is missing'],
          ['schema', 'the table webhook_rotation is missing'],
        ],
      )
      assert.ok(faults.every(({ remedy }: any) => remedy.length > 20))
    })

    test(`migrate: makes no installation, and prepares an empty database only when asked to (${database})`, async (t) => {
      const own = await openWorkspace(database)
      t.after(own.remove)
      const none = await own.run(['migrate'])
      assert.deepEqual([none.code, none.stdout], [78, ''])
      assert.match(none.stderr, /There is no installation in .*; "hawser serve" makes one/)
      const prepared = await own.run(['migrate', '--prepare'])
      assert.deepEqual(
        [prepared.code, prepared.stdout],
        database === 'sqlite' ? [78, ''] : [0, 'The postgres database is up to date.\n'],
      )
      assert.deepEqual(readdirSync(own.directory), [], 'no key, no file')
      assert.equal((await own.run(['migrate'])).code, 78, 'what is prepared is no installation yet')
      const started = await own.serve()
      const { production: key } = requireFirstKeys(started.stdout())
      assert.equal((await started.request('GET', '/v1/carriers', { key })).status, 200)
      assert.equal((await own.run(['migrate'])).stdout, `The ${database} database is up to date.\n`)
    })
  })

for (const database of databases)
  test(`start: servers that start together where nothing is yet all come up, with one key between them (${database})`, async (t) => {
    for (let round = 0; round < 3; round += 1) {
      const workspace = await openWorkspace(database)
      t.after(workspace.remove)
      const servers = await Promise.all([1, 2, 3].map(() => workspace.serve()))
      const shown = servers.map((server) => firstKeys(server.stdout())).filter((keys) => keys !== undefined)
      assert.equal(shown.length, 1, 'the first keys are shown once')
      for (const server of servers)
        assert.equal((await server.request('GET', '/v1/carriers', { key: shown[0]?.production })).status, 200)
      assert.deepEqual(readdirSync(dirname(workspace.keyFile)), ['kek'])
      await Promise.all(servers.map((server) => server.stop()))
    }
  })

function change({ directory }: Workspace, statement: string): void {
  const db = new DatabaseSync(join(directory, 'data', 'hawser.db'), { timeout: 5_000 })
  db.exec(statement)
  db.close()
}

function tamper({ directory }: Workspace, change: string): void {
  const db = new DatabaseSync(join(directory, 'data', 'hawser.db'), { timeout: 5_000 })
  assert.throws(() => db.exec(change), /only grows/, 'the control: the trigger stands in the way')
  db.exec(`drop trigger audit_event_no_update; ${change}`)
  db.close()
}
