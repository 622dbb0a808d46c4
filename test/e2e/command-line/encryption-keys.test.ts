import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { formatKek, kekId, parseKek } from '../../../src/vault/kek-source.ts'
import { runAsOwner, databases, type DatabaseName } from '../../support/database/databases.ts'
import { firstKeys, requireFirstKeys } from '../../support/processes/first-keys.ts'
import { openWorkspace, type Workspace } from '../../support/processes/workspace.ts'
import type { Settings } from '../../support/processes/run-program.ts'

/** An installation has one connection and no running server; `needed` is the id of the key that it needs. */
type Installation = { workspace: Workspace; key: string; carrierId: string; needed: string; right: string }

/** Makes the settings under which the start has to be refused; `directory` is the case's own. */
type BadKey = (directory: string, installation: Pick<Installation, 'right'>) => Settings

const file =
  (text: (right: string) => string, mode = 0o600): BadKey =>
  (directory, { right }) => {
    const path = join(directory, 'kek')
    writeFileSync(path, text(right), { mode })
    chmodSync(path, mode)
    return { HAWSER_KEK_FILE: path }
  }
const command =
  (...argv: string[]): BadKey =>
  () => ({ HAWSER_KEK_COMMAND: JSON.stringify(argv) })
const script = (code: string) => command(process.execPath, '-e', code)
const newKek = () => `${formatKek(randomBytes(32))}\n`

/** These keys cannot be used for any database. */
const unusable: Record<string, BadKey> = {
  'a truncated key': file((right) => right.slice(0, 30)),
  'a key whose checksum is off': file((right) => right.replace(/.$/, (last) => (last === '0' ? '1' : '0'))),
  'a key in another encoding': file(() => randomBytes(32).toString('hex')),
  'a key file that others can read': file((right) => right, 0o644),
  'an empty key file': file(() => ''),
  'a key file that is a directory': (directory) => {
    mkdirSync(join(directory, 'kek'))
    return { HAWSER_KEK_FILE: join(directory, 'kek') }
  },
  'a key file that is a symbolic link': (directory, { right }) => {
    writeFileSync(join(directory, 'real'), right, { mode: 0o600 })
    symlinkSync('real', join(directory, 'kek'))
    return { HAWSER_KEK_FILE: join(directory, 'kek') }
  },
  'a key command that exits 1': script('process.exit(1)'),
  'a key command that does not exist': command('/nowhere/kms'),
  'a key command that prints garbage': script('console.log("garbage")'),
  'a key command that prints more than 64 KiB': script('console.log(`{"kek_id":"${"k".repeat(70_000)}"}`)'),
  'a key command that hangs': script('setInterval(() => {}, 1000)'),
  'a key command whose own child hangs': command('sh', '-c', 'sleep 25; true'),
}

/** These keys could be used for an empty database, but not for this one. */
const foreign: Record<string, BadKey> = {
  'no key file': (directory) => ({ HAWSER_KEK_FILE: join(directory, 'kek') }),
  'a wrong key': file(newKek),
  'a wrong key in HAWSER_KEK': () => ({ HAWSER_KEK: newKek().trim() }),
  'a wrong key and a wrong previous key': (directory, installation) => {
    writeFileSync(join(directory, 'previous'), newKek(), { mode: 0o600 })
    return { ...file(newKek)(directory, installation), HAWSER_KEK_PREVIOUS_FILE: join(directory, 'previous') }
  },
  'a key command with another key': script('console.log(`{"kek_id":"kek_another"}`)'),
}

type State = { database: DatabaseName; end: 'stop' | 'kill' }
const states = databases.flatMap((database): State[] =>
  database === 'sqlite'
    ? [
        { database, end: 'stop' },
        { database, end: 'kill' },
      ]
    : [{ database, end: 'stop' }],
)

for (const { database, end } of states)
  describe(`keys (${database} after ${end})`, { concurrency: 3 }, () => {
    let installation: Installation
    let stored: Record<string, string>
    before(async () => {
      installation = await install(database, end)
      stored = await fingerprint(installation.workspace)
      if (database === 'sqlite') assert.equal('hawser.db-wal' in stored, end === 'kill')
    })
    after(() => installation.workspace.remove())

    // One case tries all keys; the others try every second key, and leave out those that the start gives up only after 5 seconds.
    const isFull = database === 'sqlite' && end === 'stop'
    const looking = Object.entries(unusable).filter(
      ([name], at) => isFull || (at % 2 === 0 && !name.includes('hangs')),
    )
    for (const [name, badKey] of [...looking, ...Object.entries(foreign)])
      test(`keys: ${name} is refused with 78 and the id of the needed key, and no byte of the database changes (${database} after ${end})`, async () => {
        const { workspace, needed } = installation
        const directory = join(workspace.directory, `case-${randomBytes(4).toString('hex')}`)
        mkdirSync(directory)
        const settings = badKey(directory, installation)
        const made = readdirSync(directory)
        const { code, stdout, stderr, ms } = await workspace.run(['serve'], settings, 30_000)
        assert.equal(code, 78, stderr)
        assert.doesNotMatch(stdout, /listening|hws_|"level":"(info|error)"/)
        assert.deepEqual(await fingerprint(workspace), stored)
        assert.deepEqual(readdirSync(directory), made, 'no key file is made beside what another key seals')
        assert.ok(ms < 20_000, `it ends at once, not after ${Math.round(ms)} ms`)
        assert.equal(stderr.trim().split('\n').length, 1, stderr)
        assert.ok(!stderr.includes(installation.right.slice(5, 20)))
        assert.ok(stderr.includes(needed), `the needed key is not named: ${stderr}`)
      })

    test(`keys: only the right key opens an installation, as the current or as the previous one (${database} after ${end})`, async () => {
      const { workspace, key, carrierId } = await install(database, end)
      try {
        const stored = await fingerprint(workspace)
        const other = await openWorkspace('sqlite')
        await (await other.serve()).stop()
        const theirs = await workspace.run(['serve'], { HAWSER_KEK_FILE: other.keyFile })
        assert.equal(theirs.code, 78, 'the key of another installation does not open it')
        const moved = `${workspace.directory}/moved`
        renameSync(join(workspace.directory, 'data-keys'), moved)
        assert.equal((await workspace.run(['serve'])).code, 78)
        assert.ok(!readdirSync(workspace.directory).includes('data-keys'), 'no new key where the old one was')
        assert.deepEqual(await fingerprint(workspace), stored)
        const rotated = { HAWSER_KEK_FILE: other.keyFile, HAWSER_KEK_PREVIOUS_FILE: join(moved, 'kek') }
        for (const settings of [rotated, { HAWSER_KEK_FILE: join(moved, 'kek') }]) {
          const server = await workspace.serve(settings)
          const path = `/v1/connections/carriers/stamps_com/${carrierId}`
          const { status, json } = await server.request('GET', path, { key })
          assert.equal(status, 200)
          assert.deepEqual(json.fields.password, { set: true, secret: true }, 'what is sealed opens')
          assert.equal((await server.stop()).code, 0)
        }
        assert.equal((await workspace.run(['tenants', 'create', '--name', 'n'], rotated)).code, 0)
        assert.notDeepEqual(await fingerprint(workspace), stored, 'the control: a write is seen')
        await other.remove()
      } finally {
        await workspace.remove()
      }
    })
  })

for (const database of databases)
  describe(`keys, empty database (${database})`, { concurrency: 3 }, () => {
    // The start finds a wrong key before it opens any database, so the tests on PostgreSQL try only a few keys.
    const some = Object.entries(unusable).filter(([name], at) =>
      database === 'sqlite' ? !name.includes('hangs') : at % 4 === 0,
    )
    for (const [name, badKey] of some)
      test(`keys: ${name} is refused with 78, and no database is made (${database})`, async (t) => {
        const workspace = await openWorkspace(database)
        t.after(workspace.remove)
        const settings = badKey(workspace.directory, { right: newKek().trim() })
        const before = readdirSync(workspace.directory)
        const { code, stdout, stderr } = await workspace.run(['serve'], settings)
        assert.equal(code, 78, stderr)
        assert.equal(stdout, '')
        assert.deepEqual(readdirSync(workspace.directory), before)
        assert.deepEqual(await fingerprint(workspace), {})
      })
  })

for (const database of databases)
  test(`keys: after kill -9 at any moment of the first start, the next start works (${database})`, async (t) => {
    const rounds = database === 'sqlite' ? 30 : 6
    const measured = await openWorkspace(database)
    const { startMs } = await measured.serve()
    await measured.remove()
    const totals = { rounds, killed: 0, keyMade: 0, keysNeverShown: 0, strayFiles: 0 }
    const round = async (at: number) => {
      const workspace = await openWorkspace(database)
      try {
        const first = workspace.start(['serve'])
        // Half of the starts are killed at any moment, and half of them after something has been written.
        if (at % 2 === 0) await pause(((at + Math.random()) / rounds) * Math.max(400, startMs))
        else await written(workspace, (at / rounds) * startMs * Math.random())
        first.child.kill('SIGKILL')
        totals.killed += (await first.ended).signal === 'SIGKILL' ? 1 : 0
        const made = existsSync(workspace.keyFile) ? readFileSync(workspace.keyFile, 'utf8') : undefined
        totals.keyMade += made ? 1 : 0
        const keys = join(workspace.directory, 'data-keys')
        const before = existsSync(keys) ? readdirSync(keys) : []
        const server = await workspace.serve()
        assert.equal((await server.request('GET', '/readyz')).status, 200)
        if (made)
          assert.equal(readFileSync(workspace.keyFile, 'utf8'), made, 'the key stays the one that was made')
        totals.strayFiles += before.filter((name) => name !== 'kek').length
        assert.deepEqual(readdirSync(keys), ['kek'], 'what the first start left is swept')
        const key = (firstKeys(first.stdout()) ?? firstKeys(server.stdout()))?.production
        totals.keysNeverShown += key ? 0 : 1
        const words = ['--tenant', 'default', '--environment', 'production', '--scopes', 'admin']
        const usable = key ?? (await workspace.run(['keys', 'create', ...words])).stdout.trim()
        assert.equal((await server.request('GET', '/v1/carriers', { key: usable })).status, 200)
      } finally {
        await workspace.remove()
      }
    }
    for (let at = 0; at < rounds; at += 2) await Promise.all([round(at), round(at + 1)])
    t.diagnostic(`first starts killed (${database}): ${JSON.stringify(totals)}`)
    assert.ok(totals.killed > rounds / 2)
  })

async function written({ keyFile }: Workspace, ms: number): Promise<void> {
  while (!existsSync(dirname(keyFile))) await pause(1)
  if (ms > 1) await pause(ms)
}

async function install(database: DatabaseName, end: 'stop' | 'kill'): Promise<Installation> {
  const workspace = await openWorkspace(database)
  const server = await workspace.serve()
  const { production: key } = requireFirstKeys(server.stdout())
  const body = { nickname: 'n', username: 'u', password: 'p' }
  const { json } = await server.request('POST', '/v1/connections/carriers/stamps_com', { key, body })
  await server[end]()
  const right = readFileSync(workspace.keyFile, 'utf8').trim()
  return { workspace, key, carrierId: json.carrier_id, right, needed: kekId(parseKek(right, 'the test')) }
}

/** Returns the SHA-256 of every file of the database, except that its shared-memory index is only named, or of the rows of every table. */
async function fingerprint({ database, directory, env }: Workspace): Promise<Record<string, string>> {
  const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest('hex')
  if (database === 'sqlite') {
    const data = join(directory, 'data')
    const files = readdirSync(directory).includes('data') ? readdirSync(data) : []
    const digest = (name: string) =>
      name.endsWith('-shm') ? 'is there' : sha256(readFileSync(join(data, name)))
    return Object.fromEntries(files.sort().map((name) => [name, digest(name)]))
  }
  const url = env.HAWSER_DATABASE_URL ?? ''
  const tables = await runAsOwner(
    url,
    `select tablename from pg_tables where schemaname = 'public' order by 1`,
  )
  const rows = await Promise.all(
    tables.map(({ tablename }) => runAsOwner(url, `select t::text as row from "${tablename}" t order by 1`)),
  )
  return Object.fromEntries(tables.map(({ tablename }, at) => [tablename, sha256(JSON.stringify(rows[at]))]))
}
