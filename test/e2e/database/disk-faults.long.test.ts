import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { endianness } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openWorkspace } from '../../support/processes/workspace.ts'
import { requireFirstKeys } from '../../support/processes/first-keys.ts'

const PATH = '/v1/connections/carriers/stamps_com'
const source = fileURLToPath(new URL('../../support/crashes/failing-disk.c', import.meta.url))
const CALLS = 200
const FAULTS = { EIO: 5, ENOSPC: 28 }

const hasCompiler = process.platform === 'linux' && spawnSync('cc', ['--version']).status === 0

/** Builds the library that makes the disk calls of a server fail, and returns a function that sets after how many calls how many fail, and with which error. */
function openFaults(directory: string) {
  const library = join(directory, 'faults.so')
  const built = spawnSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl'], { encoding: 'utf8' })
  assert.equal(built.status, 0, built.stderr)
  const file = join(directory, 'faults')
  writeFileSync(file, Buffer.alloc(4_096))
  const handle = openSync(file, 'r+')
  const plan = (well: number, failing: number, errno: number) => {
    assert.equal(endianness(), 'LE')
    writeSync(handle, new Uint8Array(new Int32Array([-1, failing, errno]).buffer), 0, 12, 0)
    writeSync(handle, new Uint8Array(new Int32Array([well]).buffer), 0, 4, 0)
  }
  plan(-1, 0, 0)
  return {
    settings: { LD_PRELOAD: library, FAULTS: file },
    plan,
    failed: () => {
      const four = Buffer.alloc(4)
      readSync(handle, four, 0, 4, 12)
      return four.readInt32LE(0)
    },
    close: () => closeSync(handle),
  }
}

describe('a disk that fails', { skip: hasCompiler ? false : 'needs cc and Linux' }, () => {
  for (const [name, errno] of Object.entries(FAULTS))
    for (const [how, failing] of [
      ['once', 1],
      ['until there is room again', 1_000_000],
    ] as const)
      test(`disk faults: each of the first ${CALLS} calls failing with ${name} ${how} is answered 503 and told, and nothing acknowledged is lost`, async (t) => {
        const workspace = await openWorkspace('sqlite')
        t.after(workspace.remove)
        const faults = openFaults(workspace.directory)
        t.after(faults.close)
        const server = await workspace.serve({ ...faults.settings, HAWSER_RATE_LIMIT: 'off' })
        const { production: key } = requireFirstKeys(server.stdout())
        const connect = (username: string) =>
          server.request('POST', PATH, { key, body: { nickname: 'n', username, password: 'p'.repeat(500) } })
        const kept: string[] = []
        const statuses: Record<number, number> = {}
        const send = async (username: string) => {
          const { status, json, text } = await connect(username)
          statuses[status] = (statuses[status] ?? 0) + 1
          assert.ok(status === 200 || status === 503, `${username}: ${status} ${text}`)
          if (status === 200) kept.push(json.carrier_id)
          return status
        }
        for (let call = 0; call < CALLS; call += 1) {
          faults.plan(call, failing, errno)
          await send(`u${call}`)
          if (call % 4 === 0) await send(`v${call}`)
          faults.plan(-1, 0, 0)
        }
        assert.equal(await send('last'), 200, 'service resumes')
        t.diagnostic(`${faults.failed()} calls failed, answers ${JSON.stringify(statuses)}`)
        assert.ok(faults.failed() > 20 && (statuses[503] ?? 0) > 10, 'the control: calls have failed')
        assert.match(server.stdout(), /"request failed"/)
        assert.match(
          server.stdout(),
          name === 'ENOSPC' ? /: the disk is full|: an I\/O error/ : /: an I\/O error/,
        )
        assert.doesNotMatch(server.stdout(), /no transaction is active|"SQLite 1[".]/)
        await server.kill()
        const db = new DatabaseSync(join(workspace.directory, 'data', 'hawser.db'))
        assert.equal(db.prepare('pragma integrity_check').get()?.integrity_check, 'ok')
        const ids = new Set(
          db
            .prepare('select carrier_id from connection')
            .all()
            .map(({ carrier_id }) => carrier_id),
        )
        db.close()
        assert.deepEqual(
          kept.filter((id) => !ids.has(id)),
          [],
          'everything acknowledged is there',
        )
        const doctor = await workspace.run(['doctor'])
        assert.equal(doctor.code, 0, doctor.stdout)
      })
})
