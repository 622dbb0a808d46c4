import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { onEveryDatabase } from '../../support/server/every-database.ts'

onEveryDatabase(
  'rate limit',
  (server) => {
    const list = (key: string) => server().request('GET', '/v1/carriers', { key })

    test('a key is stopped at the limit of its environment, told when to come back, and no other key is', async () => {
      const key = await server().newKey({ environment: 'sandbox' })
      for (let left = 2; left >= 0; left -= 1) {
        const answer = await list(key)
        assert.equal(answer.status, 200)
        assert.equal(answer.headers['ratelimit-limit'], '3')
        assert.equal(answer.headers['ratelimit-remaining'], `${left}`)
      }
      const refused = await list(key)
      assert.equal(refused.status, 429)
      assert.equal(refused.json.errors[0].error_code, 'rate_limit_exceeded')
      assert.equal(refused.json.errors[0].error_type, 'system')
      const seconds = Number(refused.headers['retry-after'])
      assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60)
      assert.equal(refused.headers.retryafter, refused.headers['retry-after'])
      assert.equal((await list(await server().newKey({ environment: 'sandbox' }))).status, 200)
      assert.equal((await list(server().key)).status, 200)
    })

    test('production has a limit of its own', async () => {
      const key = await server().newKey()
      for (let turn = 0; turn < 5; turn += 1) assert.equal((await list(key)).status, 200)
      assert.equal((await list(key)).status, 429)
    })

    test('it comes after the scope and before everything else', async () => {
      const key = await server().newKey({ environment: 'sandbox', scopes: ['read'] })
      for (let turn = 0; turn < 5; turn += 1)
        assert.equal((await server().request('DELETE', '/v1/carriers/x', { key })).status, 403)
      for (let turn = 0; turn < 3; turn += 1)
        assert.equal((await server().request('GET', '/v1/carriers/x', { key })).status, 404)
      assert.equal((await server().request('GET', '/v1/carriers/x', { key })).status, 429)
    })

    test('a clock that is set ahead frees no key, and one that is set back locks none out', async () => {
      const key = await server().newKey({ environment: 'sandbox' })
      const [now, since] = [Date.now.bind(Date), performance.now.bind(performance)]
      const HOUR = 3_600_000
      const ahead = mock.method(Date, 'now', () => now() + HOUR)
      try {
        for (let turn = 0; turn < 3; turn += 1) assert.equal((await list(key)).status, 200)
        ahead.mock.mockImplementation(() => now() + 2 * HOUR)
        assert.equal((await list(key)).status, 429)
        ahead.mock.mockImplementation(now)
        const refused = await list(key)
        assert.equal(refused.status, 429)
        assert.ok(Number(refused.headers['retry-after']) <= 60)
        const later = mock.method(performance, 'now', () => since() + 60_001)
        assert.equal((await list(key)).status, 200)
        later.mock.restore()
      } finally {
        ahead.mock.restore()
      }
    })

    test('health needs no key and is not counted', async () => {
      for (let turn = 0; turn < 8; turn += 1)
        assert.equal((await server().request('GET', '/healthz', { key: '' })).status, 200)
    })
  },
  { env: { HAWSER_RATE_LIMIT: 'production=5,sandbox=3' } },
)
