import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { after, before, describe, test } from 'node:test'
import { parseConfig } from '../../src/config.ts'
import { openContext } from '../../src/open-installation.ts'
import { StartRefused } from '../../src/errors.ts'
import { createLog } from '../../src/log.ts'
import { createTenant } from '../../src/tenants/manage-tenant.ts'
import { listAllTenants, operator } from '../../src/tenants/operator.ts'
import { formatKek } from '../../src/vault/kek-source.ts'
import { unique } from '../support/unique.ts'
import { runAsOwner, databases } from '../support/database/databases.ts'
import { freePort } from '../support/server/free-port.ts'
import { startPostgres } from '../support/database/postgres-server.ts'
import { openWorkspace } from '../support/processes/workspace.ts'

const PASSWORD = 'Tr0ub4dor-3-Kq9'

async function open(url: string): Promise<number> {
  const env = { HAWSER_DATABASE_URL: url, HAWSER_KEK: formatKek(Buffer.alloc(32, 9)) }
  const ctx = await openContext(parseConfig(env).config, createLog('fatal', { write: () => {} }))
  try {
    await createTenant(ctx, operator('cli'), unique('tenant'))
    return (await listAllTenants(ctx)).length
  } finally {
    await ctx.store.close()
  }
}

/** Returns the message of a refused start. */
async function refusalOf(url: string): Promise<string> {
  try {
    await open(url)
  } catch (error) {
    assert.ok(error instanceof StartRefused, String(error))
    assert.ok(!error.message.includes(PASSWORD), error.message)
    return error.message
  }
  return assert.fail('it is taken')
}

/** Opens a server that is not PostgreSQL. */
async function listen(answer: (socket: Socket) => void) {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    answer(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { at: `127.0.0.1:${port}`, close: () => server.close() }
}

const own = (name: string) => readFileSync(new URL(`../support/tls/${name}`, import.meta.url))

function speakTls(socket: Socket): void {
  socket.once('data', () => {
    socket.write('S')
    new TLSSocket(socket, { isServer: true, key: own('server.key'), cert: own('server.pem') }).on(
      'error',
      () => {},
    )
  })
}

test('postgres refusals: what does not answer as PostgreSQL is told with its host and what to do', async (t) => {
  const tls = await listen(speakTls)
  const web = await listen((socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  )
  const closing = await listen((socket) => socket.destroy())
  const plain = await listen((socket) => socket.once('data', () => socket.write('N')))
  t.after(() => [tls, web, closing, plain].forEach(({ close }) => close()))
  const nobody = `127.0.0.1:${await freePort()}`
  for (const [at, query, says] of [
    [nobody, '', /nothing listens there/],
    ['no-such-host.invalid:5432', '', /host name is not known/],
    [tls.at, '?sslmode=verify-full', /does not prove with its certificate who it is: .*sslrootcert/],
    [
      tls.at,
      `?sslmode=verify-full&sslrootcert=${new URL('../support/tls/ca.pem', import.meta.url).pathname}`,
      /./,
    ],
    [tls.at, '?sslmode=verify-full&sslrootcert=/no/such/file', /sslrootcert/],
    [plain.at, '?sslmode=require', /does not speak TLS/],
    [closing.at, '', /is it PostgreSQL/],
    [web.at, '?sslmode=require', /is it PostgreSQL/],
  ] as const) {
    const told = await refusalOf(`postgres://somebody:${PASSWORD}@${at}/hawser${query}`)
    assert.ok(told.startsWith(`The PostgreSQL database "hawser" at ${at} cannot be used (`), told)
    assert.match(told, says)
    assert.ok(!told.includes('\n'), told)
  }
})

describe(
  'postgres refusals: a server of their own',
  { skip: databases.includes('postgres') ? false : 'no PostgreSQL in this run' },
  () => {
    let cluster: Awaited<ReturnType<typeof startPostgres>>
    const run = (statement: string) => runAsOwner(cluster.url, statement)
    const url = (login: string, database: string) =>
      cluster.url.replace('//owner@', `//${login}@`).replace(/\/postgres$/, `/${database}`)

    before(async () => {
      cluster = await startPostgres()
      const [{ hba_file: hba }] = await run('show hba_file')
      await run(
        `copy (select unnest(array['host all careful 127.0.0.1/32 scram-sha-256', 'host all unknown 127.0.0.1/32 reject', 'host all all 127.0.0.1/32 trust'])) to '${hba}'`,
      )
      await run('select pg_reload_conf()')
      await run(`create role careful login createrole password '${PASSWORD}!'`)
      await run('create role plain login')
      await run('create database careful owner careful')
      await run('create database plain owner plain')
    })
    after(() => cluster.stop())

    test('a password, a role or a database that is not right', async () => {
      for (const [login, database, says] of [
        [`careful:${PASSWORD}`, 'careful', /28P01\): it refuses the password of "careful"/],
        ['careful', 'careful', /asks for a password of "careful"/],
        ['stranger', 'careful', /28000\): it does not let "stranger" in/],
        [`unknown:${PASSWORD}`, 'careful', /28000\): it does not let "unknown" in/],
        ['plain', 'nowhere', /no such database: create database "nowhere" owner "plain"/],
      ] as const) {
        const told = await refusalOf(url(login, database))
        assert.match(told, says)
        assert.ok(told.includes(new URL(cluster.url).host), told)
      }
      assert.equal(await open(url(`careful:${PASSWORD}!`, 'careful')), 1, 'the control')
    })

    test('a role that may not make the role of the server is told the two lines, and they suffice', async () => {
      await run('create database lined owner plain')
      await run('drop owned by careful cascade')
      await run('drop database careful')
      await run('drop role if exists hawser_app')
      const told = await refusalOf(url('plain', 'lined'))
      assert.match(told, /^The role "plain" of HAWSER_DATABASE_URL may not make or take the role hawser_app/)
      const [first, ...lines] = told.split('\n')
      assert.ok(first)
      assert.deepEqual(
        lines.map((line) => line.trim()),
        ['create role hawser_app nologin;', 'grant hawser_app to "plain";'],
      )
      await run(lines[0] ?? '')
      assert.match(await refusalOf(url('plain', 'lined')), /may not make or take/, 'one line is not enough')
      await run(lines[1] ?? '')
      assert.equal(await open(url('plain', 'lined')), 1)
      await run('revoke hawser_app from plain')
      assert.match(await refusalOf(url('plain', 'lined')), /may not make or take/, 'later too')
      await run('grant hawser_app to plain')
    })

    test('a right on the database or its schema that is missing', async () => {
      await run('create database foreign_one')
      await run('grant hawser_app to plain').catch(() => {})
      assert.match(
        await refusalOf(url('plain', 'foreign_one')),
        /42501\): "plain" lacks a right there: .*alter database/,
      )
      await run('revoke connect on database foreign_one from public')
      assert.match(await refusalOf(url('plain', 'foreign_one')), /"plain" lacks a right there/)
      const nowhere = `${url('plain', 'plain')}?options=-csearch_path%3Dnowhere`
      assert.match(await refusalOf(nowhere), /no schema is there to make tables in/)
    })

    test('a server that cannot hold every text, or takes no writes', async () => {
      for (const [encoding, locale] of [
        ['LATIN1', 'C'],
        ['SQL_ASCII', 'C'],
      ]) {
        const name = `encoded_${encoding}`.toLowerCase()
        await run(
          `create database ${name} owner plain encoding '${encoding}' locale '${locale}' template template0`,
        )
        const told = await refusalOf(url('plain', name))
        assert.match(told, new RegExp(`its encoding is ${encoding}, .*create database .* encoding 'UTF8'`))
      }
      await run('create database frozen owner plain')
      await run('alter database frozen set default_transaction_read_only = on')
      assert.match(await refusalOf(url('plain', 'frozen')), /it takes no writes/)
      await run('alter database frozen reset default_transaction_read_only')
      await run('alter database frozen set synchronous_commit = off')
      assert.match(await refusalOf(url('plain', 'frozen')), /synchronous_commit/)
    })

    test('settings of the server that would fail statements later are no matter', async () => {
      await run('create database odd owner plain')
      for (const setting of [
        `default_transaction_isolation = 'serializable'`,
        'row_security = off',
        'standard_conforming_strings = off',
        `bytea_output = 'escape'`,
        `datestyle = 'German'`,
        `client_encoding = 'LATIN1'`,
        `timezone = 'Asia/Kathmandu'`,
      ])
        await run(`alter database odd set ${setting}`)
      assert.equal(await open(url('plain', 'odd')), 1)
      assert.equal(await open(url('plain', 'odd')), 2)
    })
  },
)

test('postgres refusals: every command that opens the database ends with 78 and one line', async (t) => {
  const workspace = await openWorkspace('sqlite')
  t.after(workspace.remove)
  const at = `127.0.0.1:${await freePort()}`
  const settings = { HAWSER_DATABASE_URL: `postgres://user:${PASSWORD}@${at}/hawser` }
  for (const words of [
    ['serve'],
    ['doctor'],
    ['migrate'],
    ['migrate', '--prepare'],
    ['keys', 'list'],
    ['erase', 'status'],
  ]) {
    const { code, stdout, stderr } = await workspace.run(words, settings)
    assert.equal(code, 78, words.join(' '))
    assert.match(
      stderr,
      new RegExp(`^The PostgreSQL database "hawser" at ${at} cannot be used \\(ECONNREFUSED\\): .*\\.\\n$`),
    )
    assert.ok(!`${stdout}${stderr}`.includes(PASSWORD))
  }
})
