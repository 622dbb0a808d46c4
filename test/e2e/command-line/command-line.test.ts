import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { commands } from '../../../src/cli/commands.ts'
import { databases, type DatabaseName } from '../../support/database/databases.ts'
import { firstKeys } from '../../support/processes/first-keys.ts'
import { openWorkspace, type Workspace } from '../../support/processes/workspace.ts'
import { PROGRAM, startProgram, waitForEnd, type EndedProgram } from '../../support/processes/run-program.ts'
import type { ServerProcess } from '../../support/processes/server-process.ts'

const workspaceOf = async (t: TestContext, name: DatabaseName = 'sqlite') => {
  const opened = await openWorkspace(name)
  t.after(opened.remove)
  return opened
}

/** Returns the one JSON object on the last line of standard output, and expects no other before it. */
function lastObject({ code, stdout, stderr }: EndedProgram): any {
  assert.equal(code, 0, stderr)
  assert.ok(stdout.endsWith('\n'))
  const lines = stdout.trimEnd().split('\n')
  assert.equal(lines.filter((line) => line.startsWith('{')).length, 1)
  return JSON.parse(lines.at(-1) ?? '')
}

for (const database of databases)
  describe(`command line beside a running server (${database})`, { concurrency: 2 }, () => {
    let workspace: Workspace
    let server: ServerProcess
    before(async () => {
      workspace = await openWorkspace(database)
      server = await workspace.serve()
    })
    after(() => workspace.remove())
    const keyFor = async (tenant: string, ...more: string[]) => {
      const words = ['--tenant', tenant, '--environment', 'production', '--scopes', 'read,write']
      return lastObject(await workspace.run(['keys', 'create', ...words, '--json', ...more]))
    }
    const statusOf = async (key: string) => (await server.request('GET', '/v1/carriers', { key })).status

    test(`tenants: a tenant made beside the server is listed, by object and by line (${database})`, async () => {
      const made = lastObject(await workspace.run(['tenants', 'create', '--name', 'Æther & Sons', '--json']))
      assert.deepEqual(Object.keys(made), ['id', 'name', 'created_at'])
      const { tenants } = lastObject(await workspace.run(['tenants', 'list', '--json']))
      assert.equal(tenants[0].name, 'default')
      assert.ok(tenants.some(({ id, name }: any) => id === made.id && name === 'Æther & Sons'))
      const plain = await workspace.run(['tenants', 'create', '--name', 'plain'])
      assert.match(plain.stdout, /^se-[0-9a-v]{16}\n$/)
      assert.match((await workspace.run(['tenants', 'list'])).stdout, /^se-[0-9a-v]{16} +active +plain$/m)
    })

    test(`tenants: one is renamed, disabled, enabled and deleted by its name, and its name is then free (${database})`, async () => {
      const tenants = async (...words: string[]) =>
        lastObject(await workspace.run(['tenants', ...words, '--json']))
      const { id } = await tenants('create', '--name', 'Sold & Co')
      const again = await workspace.run(['tenants', 'create', '--name', 'SOLD & CO '])
      assert.deepEqual([again.code, again.stdout], [78, ''])
      assert.deepEqual(await tenants('rename', 'sold & co', '--name', 'Gone'), { id, name: 'Gone' })
      const { key } = await keyFor('Gone')
      assert.deepEqual(await tenants('disable', 'Gone'), { id, active: false })
      assert.equal(await statusOf(key), 403)
      assert.deepEqual(await tenants('enable', 'Gone'), { id, active: true })
      const body = { nickname: 'N', account_number: 'A1', api_secret: 's' }
      const path = '/v1/connections/carriers/couriers_please'
      const { json } = await server.request('POST', path, { key, body })
      const refused = await workspace.run(['tenants', 'delete', 'Gone'])
      assert.equal(refused.code, 78)
      assert.match(refused.stderr, /1 in force, 0 deleted but restorable/)
      await server.request('DELETE', `${path}/${json.carrier_id}?purge=true`, { key })
      assert.deepEqual(await tenants('delete', 'Gone'), { id, deleted: true, keys_revoked: 1 })
      assert.equal(await statusOf(key), 401)
      await tenants('create', '--name', 'gone')
    })

    test(`keys: a key works at once on the running server, and fails within a second of its revocation (${database})`, async () => {
      const { id: tenant } = lastObject(
        await workspace.run(['tenants', 'create', '--name', 'keys', '--json']),
      )
      const made = await keyFor(tenant)
      assert.deepEqual(Object.keys(made), ['key', 'id', 'tenant_id', 'environment', 'scopes', 'expires_at'])
      assert.deepEqual(
        [made.tenant_id, made.environment, made.scopes],
        [tenant, 'production', ['read', 'write']],
      )
      assert.equal(await statusOf(made.key), 200)
      const byName = await keyFor('keys', '--description', 'by name')
      assert.equal(await statusOf(byName.key), 200)

      const listed = lastObject(await workspace.run(['keys', 'list', '--tenant', 'keys', '--json']))
      assert.deepEqual(listed.keys.map(({ id }: any) => id).sort(), [made.id, byName.id].sort())
      const everything = (await workspace.run(['keys', 'list'])).stdout
      assert.ok(everything.includes(made.id) && !everything.includes(made.key.slice(-30)))

      const revoked = lastObject(await workspace.run(['keys', 'revoke', made.id, '--json']))
      assert.deepEqual(revoked, { id: made.id, revoked: true })
      for (let waited = 0; (await statusOf(made.key)) !== 401; waited += 20) {
        assert.ok(waited < 1_000, 'a revoked key still works after a second')
        await pause(20)
      }
      assert.equal(await statusOf(byName.key), 200, 'the other key is not touched')
      const again = await workspace.run(['keys', 'revoke', made.id])
      assert.deepEqual([again.code, again.stdout], [78, ''])
    })

    test(`keys: a sandbox key is made as asked (${database})`, async () => {
      const words = ['keys', 'create', '--tenant', 'default', '--environment', 'sandbox', '--scopes', 'admin']
      const { stdout, stderr } = await workspace.run(words)
      assert.match(stdout, /^TEST_hws_[\w-]+\n$/, 'a script takes what is printed for the key')
      assert.ok(stderr.includes(`id is ${stdout.split('_')[2]};`), stderr)
      assert.equal(await statusOf(stdout.trim()), 200)
    })
  })

describe('command line', { concurrency: 2 }, () => {
  const isRefused = ({ code, stdout, stderr }: EndedProgram, naming: string) => {
    assert.ok(code === 78 || code === 2, `exit ${code}`)
    assert.equal(stdout, '')
    assert.ok(stderr.includes(naming), `"${naming}" is not named:\n${stderr}`)
    assert.equal(stderr.trim().split('\n').length, 1, `not one line:\n${stderr}`)
  }

  const accepted = async (t: TestContext, lines: string[][], word: string) => {
    const { run } = await workspaceOf(t)
    const taken: string[] = []
    const ask = async (words: string[]) =>
      run([...words, word], {}, 15_000)
        .then((ended) => isRefused(ended, word))
        .catch(() => taken.push(words.join(' ')))
    for (const at of lines.keys()) if (at % 2 === 0) await Promise.all(lines.slice(at, at + 2).map(ask))
    return taken
  }

  test('command line: every command refuses an option that it does not know', async (t) => {
    const lines = Object.keys(commands).map((command) => command.split(' '))
    assert.deepEqual(await accepted(t, lines, '--bogus'), [], 'commands that did something instead')
  })

  test('command line: every command refuses a word too many', async (t) => {
    const key = 'keys create --tenant default --environment sandbox --scopes read'
    const options: Record<string, string> = {
      'tenants create': 'tenants create --name My',
      'tenants rename': 'tenants rename My --name Your',
      'tenants disable': 'tenants disable My',
      'tenants enable': 'tenants enable My',
      'tenants delete': 'tenants delete My',
      'keys create': key,
      'keys revoke': 'keys revoke abc',
      'catalog show': 'catalog show ups',
    }
    const lines = Object.keys(commands).map((command) => (options[command] ?? command).split(' '))
    assert.deepEqual(await accepted(t, lines, 'Company'), [], 'commands that did something instead')
  })

  test('command line: an unknown command is refused in one line that names it', async (t) => {
    const { run, directory } = await workspaceOf(t)
    for (const words of [['frobnicate'], ['tenants', 'frobnicate'], ['--frobnicate']])
      isRefused(await run(words), 'frobnicate')
    assert.deepEqual(readdirSync(directory), [])
  })

  test('command line: what is missing or wrong is named', async (t) => {
    const { run, serve } = await workspaceOf(t)
    await (await serve()).stop()
    const key = (tenant: string, environment: string, scopes: string, ...more: string[]) =>
      run(['keys', 'create', '--tenant', tenant, '--environment', environment, '--scopes', scopes, ...more])
    isRefused(await run(['tenants', 'create']), '--name')
    isRefused(
      await run(['keys', 'create']),
      '--tenant <name or id>, --environment production|sandbox, --scopes',
    )
    isRefused(await key('default', 'prod', 'read'), '--environment')
    isRefused(await key('default', 'sandbox', 'read,wirte'), '--scopes')
    isRefused(await key('default', 'sandbox', 'read', '--expires', 'soon'), '--expires')
    isRefused(await key('nobody', 'sandbox', 'read'), 'tenant')
    for (const command of ['rename', 'disable', 'enable', 'delete'])
      isRefused(
        await run(['tenants', command, 'nobody', ...(command === 'rename' ? ['--name', 'x'] : [])]),
        'tenant',
      )
    isRefused(await run(['keys', 'list', '--tenant', 'nobody']), 'tenant')
    isRefused(await run(['keys', 'revoke']), 'id')
    isRefused(await run(['keys', 'revoke', 'absent']), 'id')
    isRefused(await run(['catalog', 'show']), 'catalog')
    isRefused(await run(['catalog', 'show', 'absent']), 'catalog')
  })

  test('command line: help is given where it is asked for, and touches nothing', async (t) => {
    const { run, directory } = await workspaceOf(t)
    for (const words of [[], ['help'], ['--help'], ['-h']]) {
      const { code, stdout } = await run(words)
      assert.equal(code, 0)
      for (const name of Object.keys(commands)) assert.ok(stdout.includes(`  ${name} `), name)
    }
    const asked = [
      ['keys', 'list', '--help'],
      ['help', 'keys', 'list'],
      ['keys', 'list', '--tenant', 'a', '-h'],
    ]
    for (const words of asked) {
      const { code, stdout } = await run(words)
      assert.equal(code, 0)
      assert.match(stdout, /^Usage: hawser keys list \[--tenant <name or id>\] \[--json\]\n/)
    }
    for (const words of [
      ['keys', '--help'],
      ['help', 'keys'],
    ])
      assert.match((await run(words)).stdout, /^ {2}keys create .*\n {2}keys list .*\n {2}keys revoke .*\n$/)
    for (const words of [['help', 'frobnicate'], ['frobnicate', '--help'], ['keys']])
      isRefused(await run(words), words.find((word) => /^[fk]/.test(word)) ?? '')
    assert.deepEqual(readdirSync(directory), [])
  })

  test('catalog: lists and shows carriers and needs no database', async (t) => {
    const { run, directory } = await workspaceOf(t)
    const { carriers } = lastObject(await run(['catalog', 'list', '--json']))
    const lines = (await run(['catalog', 'list'])).stdout.trim().split('\n')
    assert.equal(lines.length, carriers.length)
    assert.ok(carriers.length > 50 && carriers.some(({ names }: any) => names.includes('FXFE')))
    for (const name of ['ups', 'FXFE']) {
      const shown = lastObject(await run(['catalog', 'show', name, '--json']))
      assert.ok((shown.connect ?? shown.credentials).properties)
    }
    const words = (await run(['catalog', 'show', 'ups'])).stdout
    assert.match(words, /^UPS \(parcel\): ups$/m)
    assert.match(words, /^ {2}account_number +string +required; identifies the account/m)
    assert.match(words, /^Credentials are proved at onlinetools\.ups\.com where account_number, HAWSER_UPS/m)
    assert.match(
      (await run(['catalog', 'show', 'UPGF'])).stdout,
      /all of its fields but client_id, client_secret/,
    )
    assert.deepEqual(readdirSync(directory), [])
  })

  test('command line: it works through "npm run -s hawser --", the object alone on standard output', async (t) => {
    const { serve, directory, keyFile } = await workspaceOf(t)
    assert.ok(firstKeys((await serve()).stdout()))
    const settings = { HAWSER_DATABASE_URL: `sqlite:${join(directory, 'data', 'hawser.db')}` }
    const words = ['npm', 'run', '-s', 'hawser', '--', 'tenants', 'list', '--json']
    const ended = await waitForEnd(startProgram(words, dirname(dirname(PROGRAM)), settings))
    assert.deepEqual(
      lastObject(ended).tenants.map(({ name }: any) => name),
      ['default'],
    )
    assert.equal(ended.stdout.trim().split('\n').length, 1)
    assert.ok(existsSync(keyFile))
  })

  test('command line: an older Node is refused in one sentence', async (t) => {
    const older = olderNode()
    if (!older) return t.skip('there is no Node older than 24.15 on the path')
    const { directory } = await workspaceOf(t)
    const { code, stdout, stderr } = await waitForEnd(startProgram([older, PROGRAM, 'serve'], directory))
    assert.deepEqual([code, stdout], [78, ''])
    assert.match(stderr, /^Hawser needs Node 24\.15 or newer; this is v[\d.]+\.[^\n]*\n$/)
    assert.deepEqual(readdirSync(directory), [])
  })
})

function olderNode(): string | undefined {
  const found = (process.env.PATH ?? '').split(':').map((directory) => join(directory, 'node'))
  return found
    .filter((path) => existsSync(path))
    .find((path) => {
      const [, major = '0', minor = '0'] =
        /^v(\d+)\.(\d+)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' })) ?? []
      return Number(major) < 24 || (major === '24' && Number(minor) < 15)
    })
}
