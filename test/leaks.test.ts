import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Field, Fields } from '../src/catalog/define.ts'
import { ltlCarriers, parcelCarriers } from '../src/catalog/index.ts'
import type { Context } from '../src/context.ts'
import type { Secret } from '../src/secret.ts'
import { bodyFor } from './support/carriers/generate-body.ts'
import { runAsOwner, databases } from './support/database/databases.ts'
import { openTestServer, type Answer, type TestServer } from './support/server/test-server.ts'
import { newSecret, scannerFor, type Scanner } from './support/leak-scanner.ts'

const secrets = Array.from({ length: 64 }, newSecret)
const scanner = scannerFor(secrets)
const pick = <T>(list: readonly T[]): T => list[randomInt(list.length)] as T
const secret = () => `${pick(['', 'x', ' '])}${pick(secrets)}${pick(['', '!', 'é'])}`

type Sent = { method: string; path: string; raw: string; headers?: Record<string, string> }

/** Makes a body of the form in which every secret field, and no other field, has a planted secret. */
function planted(fields: Fields, long = randomInt(2) === 1): Record<string, unknown> {
  const body = bodyFor(fields, { long })
  for (const [name, field] of Object.entries(fields)) if (field.secret && name in body) body[name] = secret()
  return body
}

/** These mistakes put a secret of a body where it does not belong; each of them is refused. */
const spoil: ((body: Record<string, unknown>, fields: Fields) => string)[] = [
  (body) => JSON.stringify(body).slice(0, -randomInt(1, 20)),
  (body) => `${JSON.stringify(body)}${secret()}`,
  (body) => JSON.stringify(body).replace(/"([A-Za-z0-9]{24})/, '$1'),
  (body) => JSON.stringify({ ...body, [pick(secrets)]: 1 }),
  (body) => JSON.stringify({ ...body, [pick(secrets)]: { [pick(secrets)]: secret() } }),
  (body, fields) => JSON.stringify({ ...body, [pick(Object.keys(fields))]: [secret()] }),
  (body, fields) => JSON.stringify({ ...body, [pick(Object.keys(fields))]: { a: secret() } }),
  (body, fields) => JSON.stringify({ nickname: secret(), ...without(body, fields) }),
  (body, fields) => JSON.stringify({ ...body, [textField(fields)]: `${secret()}\u0007` }),
  (body, fields) => JSON.stringify({ ...body, [textField(fields)]: `${secret()}`.repeat(90) }),
  (body, fields) => twice(textField(fields), body),
  () => JSON.stringify(secret()),
  () => JSON.stringify([secret()]),
  () => secret(),
  () => `{"__proto__":{"password":"${secret()}"}}`,
  () => `${'{"a":'.repeat(20)}"${secret()}"${'}'.repeat(20)}`,
  () => `{"password":"\\ud800${secret()}"}`,
]

const twice = (name: string, body: object) =>
  `{"${name}":"${secret()}","${name}":"${secret()}",${JSON.stringify(body).slice(1)}`

function without(body: Record<string, unknown>, fields: Fields): Record<string, unknown> {
  const { nickname: _, ...rest } = body
  const required = Object.keys(fields).find((name) => fields[name]?.required && name !== 'nickname')
  return required ? { ...rest, [required]: null } : { ...rest, nickname: [secret()] }
}

const isText = (field: Field | undefined) => field?.type === 'string' && !field.enum
const textField = (fields: Fields) => pick(Object.keys(fields).filter((name) => isText(fields[name])))

const connectable = parcelCarriers.filter(({ closed }) => !closed)
const freight = ltlCarriers.filter(({ closed, sandbox }) => !closed && !sandbox)

function compose(ids: Map<string, string[]>): Sent {
  if (randomInt(5) === 0) {
    const carrier = pick(freight)
    const credentials = planted(carrier.credentials, true)
    const raw =
      randomInt(2) === 0
        ? JSON.stringify({ credentials })
        : pick(spoil)(
            { credentials },
            {
              credentials: { type: 'object', label: '', secret: true, members: carrier.credentials },
              nickname: { type: 'string', label: '', secret: false },
            },
          )
    return { method: 'POST', path: `/v-beta/ltl/connections/${pick(carrier.scacs)}`, raw }
  }
  const carrier = pick(connectable)
  const known = ids.get(carrier.name)
  const updating = known !== undefined && randomInt(2) === 0
  const form = updating ? (carrier.update ?? carrier.connect) : carrier.connect
  const path = `/v1/connections/carriers/${carrier.name}${updating ? `/${pick(known)}` : ''}`
  const override = updating ? {} : { allow_duplicate_account_number: true }
  const body = { ...planted(form), ...override }
  const raw = randomInt(3) === 0 ? JSON.stringify(body) : pick(spoil)(body, form)
  const wrongType = randomInt(20) === 0 ? { headers: { 'content-type': `text/${pick(secrets)}` } } : {}
  return { method: updating ? 'PUT' : 'POST', path, raw, ...wrongType }
}

async function storm(
  server: TestServer,
  bodies: number,
  seen: (answer: Answer) => void,
): Promise<{ accepted: number }> {
  const ids = new Map<string, string[]>()
  let accepted = 0
  for (let sent = 0; sent < bodies; sent += 1) {
    const { method, path, raw, headers } = compose(ids)
    const query = randomInt(20) === 0 ? `?api_key=${pick(secrets)}` : ''
    const answer = await server.request(method, path + query, { raw, ...(headers ? { headers } : {}) })
    assert.ok(answer.status < 500, `${answer.status} for ${method} ${path}`)
    seen(answer)
    if (answer.status !== 200) continue
    accepted += 1
    const carrier = /carriers\/(\w+)$/.exec(path)?.[1]
    if (carrier) ids.set(carrier, [...(ids.get(carrier) ?? []).slice(-20), answer.json.carrier_id])
  }
  return { accepted }
}

/** Reads everything that is kept: the files of SQLite, or every row of PostgreSQL with its bytes. */
async function storedBytes(server: TestServer): Promise<Buffer[]> {
  const url = server.env.HAWSER_DATABASE_URL ?? ''
  if (server.database === 'sqlite') {
    const file = url.replace('sqlite:', '')
    return [file, `${file}-wal`, `${file}-shm`]
      .filter((path) => existsSync(path))
      .map((path) => readFileSync(path))
  }
  const tables = await runAsOwner(url, `select tablename from pg_tables where schemaname = 'public'`)
  const rows = await Promise.all(tables.map(({ tablename }) => runAsOwner(url, `select * from ${tablename}`)))
  return rows
    .flat()
    .flatMap((row) =>
      Object.values(row).map((value) => (Buffer.isBuffer(value) ? value : Buffer.from(String(value)))),
    )
}

const quick = process.env.HAWSER_TEST_QUICK === '1'

for (const database of databases)
  describe(`no secret leaves (${database})`, () => {
    const bodies = quick ? 2_000 : database === 'sqlite' ? 20_000 : 5_000

    test(`${bodies} generated bodies: none fails, and no 8 characters of a planted secret are answered, logged or stored`, async () => {
      const server = await openTestServer(database, { repeatTransactions: false })
      try {
        const found: string[] = []
        const look = (where: string, bytes: Buffer | string, by: Scanner = scanner) => {
          const how = by.scan(bytes)
          if (how) found.push(`${where}: ${how}`)
        }
        const { accepted } = await storm(server, bodies, (answer) =>
          look('answer', `${JSON.stringify(answer.headers)}${answer.text}`),
        )
        look('list', (await server.request('GET', '/v1/carriers')).text)
        look('LTL list', (await server.request('GET', '/v-beta/ltl/carriers')).text)
        for (let page = 1; page <= 5; page += 1)
          look('audit', (await server.request('GET', `/v1/audit?page_size=500&page=${page}`)).text)
        for (const line of server.logs) look('log', line)
        for (const bytes of await storedBytes(server)) look('database', bytes)
        assert.deepEqual(found.slice(0, 5), [])
        assert.ok(accepted > bodies / 10, `${accepted} bodies were accepted`)
        assert.ok(accepted < bodies * 0.9, `${accepted} bodies were accepted`)
      } finally {
        await server.close()
      }
    })

    test('the text of a key that is made over HTTP is in its one answer, and is answered, logged and stored nowhere else', async () => {
      const server = await openTestServer(database, { repeatTransactions: false })
      try {
        const made = await server.request('POST', '/v1/keys', { body: { scopes: ['admin'] } })
        const text = made.json.key as string
        const byText = scannerFor([text.split('_')[2] ?? ''])
        assert.ok(byText.scan(made.text), 'the control: the answer has it')
        const answers = [
          await server.request('GET', '/v1/carriers', { key: text }),
          await server.request('GET', '/v1/keys', { key: text }),
          await server.request('POST', '/v1/keys', {
            key: text,
            body: { scopes: [text], description: text, [text]: 1 },
          }),
          await server.request('DELETE', `/v1/keys/${text}`, { key: text }),
          await server.request('DELETE', `/v1/keys/${made.json.key_id}`, { key: text }),
          await server.request('DELETE', `/v1/keys/${made.json.key_id}`),
          await server.request('GET', '/v1/carriers', { key: text }),
          await server.request('GET', '/v1/audit'),
        ]
        assert.deepEqual(
          answers.map(({ status }) => status),
          [200, 200, 400, 404, 409, 204, 401, 200],
        )
        for (const answer of answers)
          assert.equal(byText.scan(`${answer.text}${JSON.stringify(answer.headers)}`), undefined)
        for (const line of server.logs) assert.equal(byText.scan(line), undefined, line.slice(0, 200))
        for (const bytes of await storedBytes(server)) assert.equal(byText.scan(bytes), undefined)
      } finally {
        await server.close()
      }
    })

    test('a server that logs its bodies is caught, and one that answers them', async () => {
      for (const spoil of [logsBodies, answersBodies]) {
        const server = await openTestServer(database, { repeatTransactions: false, spoil })
        try {
          const answers: string[] = []
          await storm(server, 40, ({ text, headers }) => answers.push(text + JSON.stringify(headers)))
          const caught = [...server.logs, ...answers].some((line) => scanner.scan(line) !== undefined)
          assert.ok(caught, spoil.name)
        } finally {
          await server.close()
        }
      }
    })
  })

const bodyText = ({ body }: FastifyRequest) => {
  const received = body as { bytes?: Secret<Buffer> } | undefined
  return received?.bytes?.reveal().toString('utf8') ?? ''
}

function logsBodies(app: FastifyInstance, ctx: Context): void {
  app.addHook('preHandler', async (request) => ctx.log.info({ body: bodyText(request) }))
}

function answersBodies(app: FastifyInstance): void {
  app.addHook(
    'onSend',
    // The control uses a header that every answer has, because another check would find a header that the description does not name.
    async (request, reply) =>
      void reply.header('x-content-type-options', encodeURIComponent(bodyText(request))),
  )
}

test('the scanner finds a secret in every encoding it knows, at any offset', () => {
  const one = secrets[3] ?? ''
  const hidden = [
    one,
    one.slice(5, 13),
    [...one].reverse().join(''),
    Buffer.from(`a${one}`).toString('base64'),
    Buffer.from(`ab${one}`).toString('base64'),
    Buffer.from(`abc${one}`).toString('base64url'),
    Buffer.from(one).toString('hex'),
    Buffer.from(one).toString('hex').toUpperCase(),
    [...one].map((char) => `%${char.charCodeAt(0).toString(16)}`).join(''),
    [...one].map((char) => `\\u00${char.charCodeAt(0).toString(16)}`).join(''),
  ]
  for (const text of hidden)
    for (const offset of [0, 1, 1023])
      assert.ok(scanner.scan(`${'.'.repeat(offset)}${text}...`), text.length.toString())
  assert.ok(scanner.scan(Buffer.from(one, 'utf16le')))
  assert.equal(scanner.scan(one.slice(0, 7)), undefined)
  assert.equal(scanner.scan(Buffer.from(newSecret().repeat(1000))), undefined)
})
