import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { verifyChain } from '../../../src/audit/list-events.ts'
import { SYSTEM } from '../../../src/context.ts'
import { readAuditChain } from '../../../src/store/tables/tenants/audit.ts'
import { makeApiKey } from '../../../src/tenants/keys/api-key-format.ts'
import { revokeKey } from '../../../src/tenants/keys/api-keys.ts'
import { operator } from '../../../src/tenants/operator.ts'
import { MOST_AN_HOUR } from '../../../src/tenants/refused-access.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { TestServer } from '../../support/server/test-server.ts'

const CHALLENGE = 'ApiKey realm="hawser"'
const PROXY = '127.0.0.1'
const from = (address: string) => ({ 'x-forwarded-for': address })
const idOf = (key: string) => /hws_([0-9A-Za-z]{12})_/.exec(key)?.[1] ?? assert.fail()
const list = (server: TestServer, key: string, headers = {}) =>
  server.request('GET', '/v1/carriers', { key, headers })

/** Makes a key of the right form that differs from `key` in its secret only. */
async function withOtherSecret(key: string): Promise<string> {
  const { crc32 } = await import('node:zlib')
  const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  const [, , secret] = makeApiKey('production').text.split('_')
  const body = `hws_${idOf(key)}_${secret}`
  let rest = crc32(body)
  let sum = ''
  for (let place = 0; place < 6; place += 1, rest = Math.floor(rest / 62))
    sum = `${ALPHABET[rest % 62]}${sum}`
  return `${body}_${sum}`
}

const QUIET_MS = 300

/** Returns the records of a tenant once no more have come for a while, since records are written behind the answers. */
async function recorded({ ctx }: TestServer, tenantId: string) {
  for (let known = -1; ;) {
    const events = await ctx.store.read(tenantId, (db) => readAuditChain(db, tenantId, 0, 10_000))
    if (events.length === known) return events.filter(({ outcome }) => outcome === 'refused')
    known = events.length
    await pause(QUIET_MS)
  }
}

onEveryDatabase(
  'refused keys',
  (server) => {
    test('an absent, a malformed, an unknown, a revoked and an expired key are told apart, each with the challenge', async () => {
      const known = await server().newKey()
      const revoked = await server().newKey()
      await revokeKey(server().ctx, { ...operator('cli'), tenantId: server().tenantId }, idOf(revoked))
      const soon = new Date(Date.now() + 30).toISOString()
      const expired = await server().newKey({ expiresAt: soon })
      await pause(60)
      const cases: [key: string, tells: RegExp][] = [
        ['', /There is no API key/],
        ['bad', /malformed/],
        [known.slice(0, -1), /malformed/],
        [known.replace(/.$/, (last) => (last === '0' ? '1' : '0')), /malformed/],
        [`TEST_${known}`, /malformed/],
        [makeApiKey('production').text, /not known/],
        [await withOtherSecret(known), /not known/],
        [await withOtherSecret(revoked), /not known/],
        [await withOtherSecret(expired), /not known/],
        [revoked, /has been revoked/],
        [expired, /has expired/],
      ]
      for (const [key, tells] of cases) {
        const { status, headers, json, text } = await list(server(), key)
        assert.equal(status, 401, key)
        assert.equal(headers['www-authenticate'], CHALLENGE)
        assert.match(json.errors[0].message, tells)
        assert.equal(json.errors[0].error_code, 'unauthorized')
        assert.equal(json.errors[0].error_type, 'security')
        if (key) assert.ok(!text.includes(key.slice(-20)), 'nothing of the key is said')
      }
      assert.equal((await list(server(), known)).status, 200)
    })

    test('a 401 carries the challenge on every route, and nothing else does', async () => {
      const { paths } = (await server().request('GET', '/openapi.json', { key: '' })).json
      for (const [path, methods] of Object.entries(paths as Record<string, object>))
        for (const method of Object.keys(methods)) {
          const answer = await server().request(method.toUpperCase(), path.replaceAll(/[{}]/g, ''), {
            key: 'bad',
          })
          const told = answer.headers['www-authenticate']
          assert.equal(told, answer.status === 401 ? CHALLENGE : undefined, `${method} ${path}`)
        }
    })

    test('whose key it was finds it in its own log, once an hour and address; a stranger’s attempts are in the log of the installation', async () => {
      const tenantId = await server().newTenant()
      const key = await server().newKey({ tenantId, scopes: ['read'] })
      const wrong = await withOtherSecret(key)
      const before = (await recorded(server(), SYSTEM)).length
      for (let turn = 0; turn < 3; turn += 1) {
        assert.equal((await list(server(), wrong, from('198.51.100.1'))).status, 401)
        assert.equal((await list(server(), makeApiKey('production').text, from('198.51.100.1'))).status, 401)
        for (const address of ['198.51.100.1', '198.51.100.2'])
          assert.equal(
            (await server().request('GET', '/v1/audit', { key, headers: from(address) })).status,
            403,
          )
        assert.equal((await list(server(), '', from('198.51.100.9'))).status, 401)
      }
      const events = (await recorded(server(), tenantId)).map(({ action, actor, subject, fields, ip }) => [
        ...[action, actor, subject, JSON.parse(fields)[0], ip],
      ])
      const id = idOf(key)
      assert.deepEqual(events, [
        ['authentication.failed', 'anonymous', id, 'key_unknown', '198.51.100.1'],
        ['authorization.refused', `key:${id}`, id, 'scope_missing', '198.51.100.1'],
        ['authorization.refused', `key:${id}`, id, 'scope_missing', '198.51.100.2'],
      ])
      const strangers = (await recorded(server(), SYSTEM)).slice(before)
      assert.deepEqual(
        strangers.map(({ actor, ip, subject }) => [actor, ip, subject]),
        [['anonymous', '198.51.100.1', null]],
      )
      for (const chain of [tenantId, SYSTEM])
        assert.equal((await verifyChain(server().ctx, chain)).brokenAt, undefined)
    })

    test('from many addresses no log can be filled', async () => {
      const tenantId = await server().newTenant()
      const key = await server().newKey({ tenantId })
      const wrong = await withOtherSecret(key)
      for (let host = 0; host < 3 * MOST_AN_HOUR; host += 1)
        for (const one of [wrong, makeApiKey('production').text])
          assert.equal((await list(server(), one, from(`203.0.113.${host}`))).status, 401)
      assert.equal((await recorded(server(), tenantId)).length, MOST_AN_HOUR)
      assert.ok((await recorded(server(), SYSTEM)).length <= MOST_AN_HOUR)
    })
  },
  { env: { HAWSER_TRUSTED_PROXIES: PROXY }, repeatTransactions: false },
)

onEveryDatabase(
  'failure limit',
  (server) => {
    test('3,000 wrong keys meet the limit, and a valid key from the same address does not', async () => {
      const wrong = () => makeApiKey('production').text
      const statuses = new Map<number, number>()
      for (let turn = 0; turn < 3_000; turn += 1) {
        const { status, headers, json } = await list(server(), turn % 2 === 0 ? 'bad' : wrong())
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        if (status !== 429) continue
        const seconds = Number(headers['retry-after'])
        assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60)
        assert.equal(headers.retryafter, headers['retry-after'])
        assert.equal(json.errors[0].error_code, 'rate_limit_exceeded')
      }
      assert.deepEqual([...statuses.keys()].sort(), [401, 429])
      assert.ok((statuses.get(401) ?? 0) >= 300)
      assert.equal((await list(server(), server().key)).status, 200)
      assert.equal((await list(server(), '')).status, 401, 'who sends no key guesses none')
      assert.equal((await list(server(), wrong(), from('198.51.100.1'))).status, 401, 'another client')
      assert.equal((await recorded(server(), SYSTEM)).length, 2)
    })

    test('addresses of one /64 are one client', async () => {
      let refused = 0
      for (let turn = 0; turn < 310; turn += 1)
        refused +=
          (await list(server(), 'bad', from(`2001:db8::${turn.toString(16)}`))).status === 429 ? 1 : 0
      assert.equal(refused, 10)
    })
  },
  { env: { HAWSER_TRUSTED_PROXIES: PROXY, HAWSER_FAILURE_LIMIT: '300' } },
)
