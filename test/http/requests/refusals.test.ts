import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { TestServer } from '../../support/server/test-server.ts'
import { connectPublished, post, rows, stamps } from './refusal-rows.ts'

const STAMPS = '/v1/connections/carriers/stamps_com'
const ABSENT = 'se-0000000000000000'

onEveryDatabase('refusals', (server) => {
  for (const [condition, ask, expected] of rows)
    test(`${condition} is answered ${expected.status} ${expected.code}`, async () => {
      const before = await audit(server())
      const answer = await ask(server())
      assert.equal(answer.status, expected.status, answer.text)
      const [error, ...others] = answer.json.errors
      assert.deepEqual(others, [])
      const { message, carrier_id: _id, carrier_code: _code, ...rest } = error
      assert.deepEqual(rest, {
        error_source: expected.source ?? 'shipengine',
        error_type: expected.type,
        error_code: expected.code,
        ...(expected.field ? { field_name: expected.field } : {}),
      })
      assert.match(
        message,
        /^[A-Z].*[.R?]$|^[a-z_]+(\.[a-z_]+)* .*\.$|^Invalid carrier SCAC$/,
        'the message is a sentence',
      )
      const seen = Math.max(...before.map(({ seq }) => seq))
      const isAccess = answer.status === 401 || answer.status === 403
      const setUp = (await audit(server())).filter(
        ({ seq, action }) =>
          seq > seen &&
          !/^(api_key\.|connection\.connected$)/.test(action) &&
          !(isAccess && /^auth(entication\.failed|orization\.refused)$/.test(action)),
      )
      assert.deepEqual(
        setUp,
        [],
        'a refusal leaves no trace but what was set up for it, or of refused access',
      )
    })

  test('405 names the methods that there are', async () => {
    const answer = await server().request('PATCH', '/v1/carriers')
    assert.equal(answer.headers.allow, 'GET, HEAD')
  })

  test('409 names the connection that stands for the account', async () => {
    const first = await connectPublished(server(), 'colissimo', { username: 'the-one' })
    const second = await server().request('POST', '/v1/connections/carriers/colissimo', {
      body: { nickname: 'n', username: 'the-one', password: 'p' },
    })
    assert.equal(second.json.errors[0].carrier_id, first)
  })

  test('lengths stand in the message', async () => {
    const answer = await post(server(), stamps({ nickname: 'n'.repeat(101) }))
    assert.match(answer.json.errors[0].message, /at most 100 characters/)
  })

  test('all bad fields are told at once, in the order of the carrier’s own list', async () => {
    const answer = await server().request('POST', '/v1/connections/carriers/fedex', {
      body: { nickname: 5, agree_to_eula: false, email: 'x', city: '', zip: 'q', nonsense: 1 },
    })
    const fields = answer.json.errors.map(({ field_name }: { field_name?: string }) => field_name)
    assert.deepEqual(fields, [
      'account_number',
      'address1',
      'city',
      'country_code',
      'email',
      'first_name',
      'last_name',
      'phone',
      'postal_code',
      'state',
      'nickname',
      'agree_to_eula',
      undefined,
    ])
  })

  test('a foreign id, an absent one and one of another carrier are answered alike, byte for byte', async () => {
    const own = await connectPublished(server(), 'ups')
    const foreignTenant = await server().newTenant()
    const foreignKey = await server().newKey({ tenantId: foreignTenant })
    const sandboxKey = await server().newKey({ environment: 'sandbox' })
    const { json } = await post(server(), { ...stamps({}), key: foreignKey })
    const { json: other } = await post(server(), { ...stamps({}), key: sandboxKey })
    for (const [method, suffix] of [
      ['PUT', ''],
      ['DELETE', ''],
      ['GET', ''],
      ['GET', '/settings'],
      ['PUT', '/settings'],
    ] as const) {
      const texts = new Set<string>()
      for (const id of [json.carrier_id, other.carrier_id, ABSENT, own]) {
        const answer = await server().request(
          method,
          `${STAMPS}/${id}${suffix}`,
          method === 'PUT' ? { body: {} } : {},
        )
        assert.equal(answer.status, 404)
        texts.add(answer.text.replace(answer.json.request_id, ''))
      }
      assert.equal(texts.size, 1, `${method} ${suffix}`)
    }
  })
})

async function audit(server: TestServer): Promise<{ seq: number; action: string }[]> {
  return (await server.request('GET', '/v1/audit?page_size=500')).json.events
}
