import assert from 'node:assert/strict'
import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { databases } from '../../support/database/databases.ts'
import { openWorkspace, type Workspace } from '../../support/processes/workspace.ts'
import { PROGRAM, type EndedProgram } from '../../support/processes/run-program.ts'
import { requireFirstKeys } from '../../support/processes/first-keys.ts'
import type { ServerProcess } from '../../support/processes/server-process.ts'

/** Runs a command with `input` on its standard input. */
async function runWith({ directory, env }: Workspace, words: string[], input: string): Promise<EndedProgram> {
  const { PATH, HOME, TMPDIR } = process.env
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    cwd: directory,
    env: { PATH, HOME, TMPDIR, ...env },
  })
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (chunk: string) => (texts[name] += chunk))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [code, signal] = await once(child, 'close')
  return { code, signal, ...texts, ms: 0 }
}

for (const database of databases)
  describe(`API keys at the command line (${database})`, () => {
    let workspace: Workspace
    let server: ServerProcess
    let first: string
    before(async () => {
      workspace = await openWorkspace(database)
      server = await workspace.serve({ HAWSER_RATE_LIMIT: 'off' })
      first = requireFirstKeys(server.stdout()).production
    })
    after(() => workspace.remove())

    const create = (...more: string[]) =>
      workspace.run([
        ...['keys', 'create', '--tenant', 'default', '--environment', 'production', '--scopes', 'read'],
        ...['--json', ...more],
      ])
    const made = async (...more: string[]) => JSON.parse((await create(...more)).stdout)
    const statusOf = async (key: string) => (await server.request('GET', '/v1/carriers', { key })).status
    const listed = async (id: string) =>
      JSON.parse((await workspace.run(['keys', 'list', '--json'])).stdout).keys.find(
        (key: any) => key.id === id,
      )
    const secretOf = (key: string) => key.split('_').at(-2) ?? ''
    const isSilent = ({ stdout, stderr }: EndedProgram, key: string) =>
      assert.ok(!`${stdout}${stderr}`.includes(secretOf(key).slice(0, 12)), 'a key is repeated')

    test('an end that has come is refused by its name, and a plain day is meant whole', async () => {
      const today = new Date().toISOString().slice(0, 10)
      const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
      for (const end of [yesterday, '2020-01-01T00:00:00Z', new Date(Date.now() - 1).toISOString()]) {
        const { code, stdout, stderr } = await create('--expires', end)
        assert.deepEqual([code, stdout], [78, ''])
        assert.match(stderr, /^--expires must not be in the past\.\n$/)
      }
      const { key, expires_at } = await made('--expires', today)
      assert.equal(Date.parse(expires_at), Date.parse(today) + 86_400_000)
      assert.equal(await statusOf(key), 200)
      const { stdout } = await workspace.run(['help', 'keys', 'create'])
      assert.match(stdout, /--expires <time> .*plain day.*whole.*UTC/)
    })

    test('the list says when each was made, ends, was revoked and was used last, and no key itself', async () => {
      const { key, id } = await made('--expires', '2099-12-30', '--description', 'for the list')
      assert.equal((await listed(id)).last_used_at, null)
      assert.equal(await statusOf(key), 200)
      const hour = () => `${new Date().toISOString().slice(0, 13)}:00:00.000Z`
      const before = hour()
      const deadline = Date.now() + 10_000
      while ((await listed(id)).last_used_at === null)
        assert.ok(Date.now() < deadline, 'its use is not listed')
      const one = await listed(id)
      assert.ok([before, hour()].includes(one.last_used_at))
      assert.equal((await workspace.run(['keys', 'revoke', id])).code, 0)
      const { created_at, revoked_at, expires_at } = await listed(id)
      assert.ok(created_at < revoked_at)
      assert.equal(expires_at, '2099-12-31T00:00:00.000Z')
      const { stdout } = await workspace.run(['keys', 'list'])
      const [heading, ...lines] = stdout.trimEnd().split('\n')
      assert.match(
        heading ?? '',
        /^id +tenant +environment +scopes +state +created +expires +revoked +last used +description$/,
      )
      const line = lines.find((text) => text.startsWith(id)) ?? ''
      const minute = (time: string) => `${time.slice(0, 16)}Z`
      const cells = [...[created_at, expires_at, revoked_at, one.last_used_at].map(minute), 'for the list']
      assert.ok(line.endsWith(`revoked  ${cells.join(' ')}`), line)
      assert.match(
        lines.find((text) => text.startsWith(first.split('_')[1] ?? '')) ?? '',
        / in force .* - +- /,
      )
      isSilent({ stdout } as EndedProgram, key)
    })

    test('a key is revoked by itself, from standard input or as a word, and is never repeated', async () => {
      for (const give of [
        ({ key }: any) => runWith(workspace, ['keys', 'revoke'], `${key}\n`),
        ({ key }: any) => runWith(workspace, ['keys', 'revoke', '--json', '-'], `  ${key}`),
        ({ id }: any) => runWith(workspace, ['keys', 'revoke'], `${id}\nmore`),
        ({ key }: any) => workspace.run(['keys', 'revoke', key, '--json']),
      ]) {
        const one = await made()
        const ended = await give(one)
        assert.equal(ended.code, 0, ended.stderr)
        assert.ok(ended.stdout.includes(one.id))
        isSilent(ended, one.key)
        assert.equal(await statusOf(one.key), 401)
      }
    })

    test('what is no key of this installation revokes nothing, and nothing of it is repeated', async () => {
      const one = await made()
      const other = await made()
      const mixed = other.key.replace(other.id, one.id)
      const cases: [input: string, told: RegExp][] = [
        ['', /needs the id of a key, or the key itself/],
        ['\n', /needs the id of a key, or the key itself/],
        ['no-such-id', /There is no key of this id/],
        [one.key.slice(0, -1), /cut off or mistyped/],
        [mixed, /cut off or mistyped/],
        [`TEST_${one.key}`, /cut off or mistyped/],
      ]
      for (const [input, told] of cases) {
        const ended = await runWith(workspace, ['keys', 'revoke'], input)
        assert.deepEqual([ended.code, ended.stdout], [78, ''], input)
        assert.match(ended.stderr, told)
        assert.equal(ended.stderr.trim().split('\n').length, 1)
        for (const key of [one.key, other.key]) isSilent(ended, key)
      }
      // An error message does not repeat a key that stands where no key belongs.
      for (const words of [
        ['keys', 'revoke', one.id, one.key],
        ['keys', one.key],
        [one.key],
        ['keys', 'list', `--${one.key}`],
        ['keys', 'list', '--tenant', one.key],
        ['catalog', 'show', one.key],
      ]) {
        const ended = await workspace.run(words)
        assert.notEqual(ended.code, 0)
        isSilent(ended, one.key)
      }
      for (const { key } of [one, other]) assert.equal(await statusOf(key), 200)
    })
  })
