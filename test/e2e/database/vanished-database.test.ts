import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { openWorkspace } from '../../support/processes/workspace.ts'
import { requireFirstKeys } from '../../support/processes/first-keys.ts'

const PATH = '/v1/connections/carriers/stamps_com'
const body = (username: string) => ({ nickname: 'n', username, password: 'p' })

/** These are changes to files under a running server, each with how it is undone where that is possible. */
const losses: Record<string, { lose: (data: string) => void; undo?: (data: string) => void }> = {
  'the log is removed': { lose: (data) => rmSync(join(data, 'hawser.db-wal')) },
  'the shared memory is replaced': {
    lose: (data) => {
      renameSync(join(data, 'hawser.db-shm'), join(data, 'kept'))
      writeFileSync(join(data, 'hawser.db-shm'), '')
    },
    undo: (data) => renameSync(join(data, 'kept'), join(data, 'hawser.db-shm')),
  },
  'the file is moved away': {
    lose: (data) => renameSync(join(data, 'hawser.db'), join(data, 'kept')),
    undo: (data) => renameSync(join(data, 'kept'), join(data, 'hawser.db')),
  },
  'the file is replaced': {
    lose: (data) => {
      renameSync(join(data, 'hawser.db'), join(data, 'kept'))
      writeFileSync(join(data, 'hawser.db'), '')
    },
    undo: (data) => renameSync(join(data, 'kept'), join(data, 'hawser.db')),
  },
  'the directory is moved away': {
    lose: (data) => renameSync(data, `${data}-kept`),
    undo: (data) => renameSync(`${data}-kept`, data),
  },
  'the directory is removed': { lose: (data) => rmSync(data, { recursive: true }) },
}

describe('a database whose files are gone', { concurrency: 2 }, () => {
  for (const [what, { lose, undo }] of Object.entries(losses))
    test(`vanished: when ${what}, everything is answered 503 within a second, and the log says why`, async (t) => {
      const workspace = await openWorkspace('sqlite')
      t.after(workspace.remove)
      const data = join(workspace.directory, 'data')
      const server = await workspace.serve()
      const { production: key } = requireFirstKeys(server.stdout())
      const connect = (username: string) => server.request('POST', PATH, { key, body: body(username) })
      assert.equal((await connect('first')).status, 200, 'the control')
      lose(data)
      assert.equal((await connect('second')).status, 503, 'a write is refused at once')
      await pause(300)
      assert.equal((await server.request('GET', '/readyz')).status, 503)
      assert.equal((await server.request('GET', '/v1/carriers', { key })).status, 503)
      assert.equal((await server.request('GET', '/healthz')).status, 200)
      assert.match(server.stdout(), /"level":"warn".*hawser\.db.*removed or replaced/)
      assert.match(server.stdout(), /"level":"error".*removed or replaced/)
      if (undo) {
        undo(data)
        let { status } = await connect('third')
        for (let tries = 0; status !== 200 && tries < 50; tries += 1) {
          await pause(200)
          status = (await connect('third')).status
        }
        assert.equal(status, 200, 'what is back serves')
        assert.equal((await server.request('GET', '/readyz')).status, 200)
        assert.match(server.stdout(), /the files of the database are back/)
      }
      await server.stop()
      if (what !== 'the directory is removed') return
      const again = await workspace.run(['serve'])
      assert.deepEqual([again.code, again.stdout], [78, ''])
      assert.match(
        again.stderr,
        /key file .* is there, but no installation in the SQLite file .*--new-installation/,
      )
      assert.ok(!existsSync(data), 'nothing is made')
      assert.equal((await workspace.run(['serve', '--new-installation', 'word'])).code, 78)
      const running = workspace.start(['serve', '--new-installation'])
      while (!running.stdout().includes('"listening"')) await pause(50)
      running.child.kill()
      await running.ended
      requireFirstKeys(running.stdout())
      const twice = await workspace.run(['serve', '--new-installation'])
      assert.match(`${twice.code} ${twice.stderr}`, /^78 There is an installation in .* already/)
      assert.deepEqual(readdirSync(join(workspace.directory, 'data-keys')), ['kek'])
    })

  test('vanished: an empty directory or file where the database was is no first start', async (t) => {
    const workspace = await openWorkspace('sqlite')
    t.after(workspace.remove)
    const data = join(workspace.directory, 'data')
    await (await workspace.serve()).stop()
    rmSync(data, { recursive: true })
    mkdirSync(data)
    for (const spoil of [() => {}, () => writeFileSync(join(data, 'hawser.db'), '')]) {
      spoil()
      const before = readdirSync(data)
      const { code, stderr } = await workspace.run(['serve'])
      assert.equal(code, 78)
      assert.match(stderr, /no installation in the SQLite file/)
      assert.deepEqual(readdirSync(data), before)
    }
  })
})
