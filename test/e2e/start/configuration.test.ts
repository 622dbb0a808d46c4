import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { parseConfig } from '../../../src/config.ts'
import { settings } from '../../../src/config/settings.ts'
import { formatKek } from '../../../src/vault/kek-source.ts'
import { databases, type DatabaseName } from '../../support/database/databases.ts'
import { freePort } from '../../support/server/free-port.ts'
import { logLines } from '../../support/processes/run-program.ts'
import { openWorkspace, type Workspace } from '../../support/processes/workspace.ts'
import { requireFirstKeys } from '../../support/processes/first-keys.ts'

const workspaceOf = async (t: TestContext, name: DatabaseName = 'sqlite') => {
  const opened = await openWorkspace(name)
  t.after(opened.remove)
  return opened
}

/** Checks that a start is refused with exit code 78 and one message that has all of `names`, and that it prints and writes nothing else. */
async function isRefused(
  { run, directory }: Workspace,
  given: Record<string, string>,
  names: readonly string[],
): Promise<string> {
  const before = readdirSync(directory, { recursive: true })
  const { code, stdout, stderr, ms } = await run(['serve'], given, 20_000)
  assert.equal(code, 78, stderr)
  assert.equal(stdout, '')
  for (const name of names)
    assert.match(stderr, new RegExp(`\\b${name}\\b`), `${name} is not named:\n${stderr}`)
  assert.doesNotMatch(stderr, /^\s+at /m, 'a message, not a stack')
  assert.ok(ms < 5_000, `it ends at once, not after ${Math.round(ms)} ms`)
  assert.deepEqual(
    readdirSync(directory, { recursive: true }),
    before,
    'a refused start leaves nothing behind',
  )
  return stderr
}

const kek = formatKek(Buffer.alloc(32, 9))

describe('configuration: refusals', { concurrency: 2 }, () => {
  test('configuration: every setting that does not parse is named in one message, and no secret value', async (t) => {
    const garbage = 'hunter2-¬'
    const refuses = (parse: (text: string) => unknown) => {
      try {
        parse(garbage)
        return false
      } catch {
        return true
      }
    }
    const names = Object.entries(settings)
      .filter(([, { parse }]) => refuses(parse))
      .map(([name]) => name)
    assert.ok(names.length >= 12, 'most settings refuse garbage')
    const given = Object.fromEntries(names.map((name) => [name, garbage]))
    const message = await isRefused(await workspaceOf(t), given, names)
    assert.equal(message.split('\n').filter((line) => / must be /.test(line)).length, names.length)
    assert.ok(!message.includes('hunter2'))
  })

  test('configuration: every contradiction is named in one message', async (t) => {
    const message = await isRefused(
      await workspaceOf(t),
      {
        HAWSER_HOST: '0.0.0.0',
        HAWSER_KEK: kek,
        HAWSER_KEK_FILE: 'keys/kek',
        HAWSER_BODY_LIMIT: '70000',
        HAWSER_SETTINGS_BODY_LIMIT: '2000',
      },
      ['HAWSER_TLS_IN_FRONT', 'HAWSER_KEK', 'HAWSER_KEK_FILE', 'HAWSER_SETTINGS_BODY_LIMIT'],
    )
    assert.ok(!message.includes(kek.slice(5, 20)))
  })

  test('configuration: what does not parse and what contradicts stand in the same message', async (t) => {
    await isRefused(
      await workspaceOf(t),
      { HAWSER_PORT: 'http', HAWSER_HOST: '0.0.0.0', HAWSER_KEK: kek, HAWSER_KEK_COMMAND: '["kms"]' },
      ['HAWSER_PORT', 'HAWSER_TLS_IN_FRONT', 'HAWSER_KEK_COMMAND'],
    )
  })

  test('configuration: a malformed key in HAWSER_KEK is named together with the other problems', async (t) => {
    const message = await isRefused(
      await workspaceOf(t),
      { HAWSER_KEK: kek.slice(0, -1), HAWSER_LOG_LEVEL: 'loud' },
      ['HAWSER_LOG_LEVEL', 'HAWSER_KEK'],
    )
    assert.ok(!message.includes(kek.slice(5, 20)))
  })

  test('configuration: an address that others reach is refused without HAWSER_TLS_IN_FRONT', async (t) => {
    const workspace = await workspaceOf(t)
    await isRefused(workspace, { HAWSER_HOST: '0.0.0.0' }, ['HAWSER_HOST', 'HAWSER_TLS_IN_FRONT'])
    for (const host of ['::', '192.0.2.1', 'example.com', '127.0.0.1.example.com', '127.1'])
      assert.throws(() => parseConfig({ HAWSER_HOST: host }), /HAWSER_TLS_IN_FRONT/)
    const { config } = parseConfig({ HAWSER_HOST: '0.0.0.0', HAWSER_TLS_IN_FRONT: 'true' })
    assert.equal(config.listen.host, '0.0.0.0', 'with it the address is taken')
    for (const host of ['localhost', '::1', '127.0.0.2']) parseConfig({ HAWSER_HOST: host })
  })

  test('configuration: a key file inside the data directory is refused, however it is written', async (t) => {
    const workspace = await workspaceOf(t)
    for (const path of ['data/kek', './data/keys/kek', join(workspace.directory, 'data', 'kek')])
      await isRefused(workspace, { HAWSER_KEK_FILE: path }, ['HAWSER_KEK_FILE'])
  })

  test('configuration: a key file that a symbolic link brings into the data directory is refused', async (t) => {
    const workspace = await workspaceOf(t)
    mkdirSync(join(workspace.directory, 'data'))
    symlinkSync(join(workspace.directory, 'data'), join(workspace.directory, 'keys'))
    await isRefused(workspace, { HAWSER_KEK_FILE: 'keys/kek' }, ['HAWSER_KEK_FILE'])
  })

  test('configuration: a setting and its `_FILE` form contradict each other, and a file that cannot be read is named', async (t) => {
    const workspace = await workspaceOf(t)
    const url = 'sqlite:data/hunter2.db'
    writeFileSync(join(workspace.directory, 'url'), url)
    const both = { HAWSER_DATABASE_URL: url, HAWSER_DATABASE_URL_FILE: 'url' }
    const message = await isRefused(workspace, both, ['HAWSER_DATABASE_URL', 'HAWSER_DATABASE_URL_FILE'])
    assert.ok(!message.includes('hunter2'))
    await isRefused(workspace, { HAWSER_DATABASE_URL_FILE: 'absent' }, ['HAWSER_DATABASE_URL_FILE'])
  })

  test('configuration: a port in use ends the program also where metrics are served', async (t) => {
    const taken = createServer()
    await new Promise((resolve) => taken.listen(0, '127.0.0.1', () => resolve(undefined)))
    t.after(() => taken.close())
    const { port } = taken.address() as AddressInfo
    const { run } = await workspaceOf(t)
    const given = { HAWSER_PORT: `${port}`, HAWSER_METRICS_PORT: '0' }
    const { code, ms } = await run(['serve'], given, 20_000)
    assert.equal(code, 78)
    assert.ok(ms < 15_000)
  })

  test('configuration: a database that does not answer ends the start without the password in its URL', async (t) => {
    const { run, directory } = await workspaceOf(t)
    const url = `postgres://user:hunter2@127.0.0.1:${await freePort()}/hawser`
    const { code, stdout, stderr } = await run(['serve'], { HAWSER_DATABASE_URL: url })
    assert.ok(code === 78 || code === 1)
    assert.match(stderr, /database/i)
    assert.equal(stderr.trim().split('\n').length, 1)
    assert.ok(!`${stdout}${stderr}`.includes('hunter2'))
    assert.deepEqual(readdirSync(directory), [], 'no key is made for a database that nobody has seen')
  })
})

describe('configuration: starts', { concurrency: 2 }, () => {
  test('configuration: an unknown HAWSER_ name is warned about by name, and the start goes on', async (t) => {
    const { serve } = await workspaceOf(t)
    const server = await serve({
      HAWSER_PROT: 'hunter2',
      HAWSER_KEK_FILE: 'keys/kek',
      HAWSER_RATE_LIMIT: 'off',
    })
    const warnings = logLines(server.stdout()).filter(({ level }) => level === 'warn')
    assert.equal(warnings.length, 1)
    assert.match(String(warnings[0]?.msg), /\bHAWSER_PROT\b/)
    assert.ok(!server.stdout().includes('hunter2'))
    assert.equal((await server.request('GET', '/healthz')).status, 200)
  })

  test('configuration: missing directories are created, for the database and for the key', async (t) => {
    const { serve, directory } = await workspaceOf(t)
    await serve({ HAWSER_DATABASE_URL: 'sqlite:a/b/c/hawser.db', HAWSER_KEK_FILE: 'd/e/f/key' })
    assert.ok(existsSync(join(directory, 'a/b/c/hawser.db')))
    assert.equal(statSync(join(directory, 'd/e/f/key')).mode & 0o777, 0o600)
    for (const made of ['a', 'a/b', 'a/b/c', 'd', 'd/e', 'd/e/f'])
      assert.equal(statSync(join(directory, made)).mode & 0o777, 0o700, made)
  })

  test('configuration: the key can stand in HAWSER_KEK, and then no key file is made', async (t) => {
    const { serve, directory } = await workspaceOf(t)
    const first = await serve({ HAWSER_KEK: kek })
    const { production: key } = requireFirstKeys(first.stdout())
    assert.equal((await first.stop()).code, 0)
    const second = await serve({ HAWSER_KEK: kek })
    assert.equal((await second.request('GET', '/v1/carriers', { key })).status, 200)
    assert.deepEqual(readdirSync(directory), ['data'])
    assert.ok(!`${first.stdout()}${second.stdout()}`.includes(kek.slice(5, 20)))
  })

  for (const database of databases)
    test(`configuration: HAWSER_DATABASE_URL_FILE names a file that holds the URL (${database})`, async (t) => {
      const { serve, run, directory, env } = await workspaceOf(t, database)
      const url = env.HAWSER_DATABASE_URL ?? 'sqlite:mine/hawser.db'
      writeFileSync(join(directory, 'url'), `${url}\n`)
      const given = { HAWSER_DATABASE_URL: undefined, HAWSER_DATABASE_URL_FILE: 'url' }
      const { production: key } = requireFirstKeys((await serve(given)).stdout())
      assert.equal(existsSync(join(directory, 'data')), false, 'the default database is not made')
      assert.equal(existsSync(join(directory, 'mine', 'hawser.db')), database === 'sqlite')
      const doctor = await run(['doctor'], given)
      assert.match(doctor.stdout, /HAWSER_DATABASE_URL +\[secret\] \(HAWSER_DATABASE_URL_FILE\)/)
      assert.ok(!doctor.stdout.includes(url))
      const second = await serve(given)
      assert.equal((await second.request('GET', '/v1/carriers', { key })).status, 200)
    })
})
