import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test, type TestContext } from 'node:test'
import { findCarrierById } from '../catalog/find-carrier.ts'
import { verify, type Ask, type Material } from '../catalog/verification.ts'
import { simulatedCarriers } from './index.ts'
import { openSimulator } from './server.ts'

type Sent = { method: string; path: string; headers?: Record<string, string>; body?: string | undefined }
type Heard = { status: number; headers: Record<string, string>; body: string }

async function open(t: TestContext) {
  const { address, carrierHosts, close } = await openSimulator({ port: 0 })
  t.after(close)
  const send = ({ method, path, headers = {}, body }: Sent) =>
    new Promise<Heard>((resolve, reject) => {
      const sent = request(`${address}${path}`, { method, headers }, (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers as Record<string, string>,
            body: text,
          }),
        )
      })
      sent.on('error', reject).end(body)
    })
  const order = (method: string, path: string, { body }: { body?: unknown } = {}) =>
    send({ method, path, body: body === undefined ? undefined : JSON.stringify(body) })
  const ask: Ask = ({ url, ...call }) => {
    const { host, pathname, search } = new URL(url)
    return send({ ...call, path: pathname + search, headers: { ...call.headers, host } })
  }
  const outcome = async (id: string, values: Material['values'], operator: Material['operator'] = {}) => {
    const recipe = findCarrierById(id)?.verify
    assert.ok(recipe)
    return (await verify(recipe, { values, operator, at: new Date(), requestId: 'r' }, ask)).outcome
  }
  return { order, outcome, send, carrierHosts, address }
}

const account = { account_number: '19869502', password: 'right-one' }

test('simulator: an order that makes no sense is refused, and no value is repeated', async (t) => {
  const { order, send } = await open(t)
  const orders: [number, string, string, unknown?][] = [
    [404, 'GET', '/'],
    [404, 'PUT', '/accounts/nobody', account],
    [404, 'PUT', '/accounts/hermes', account],
    [405, 'DELETE', '/accounts/chronopost'],
    [405, 'POST', '/weather/chronopost', { script: 'silent' }],
    [400, 'PUT', '/accounts/chronopost', [account]],
    [400, 'PUT', '/accounts/chronopost', { ...account, account_number: '' }],
    [400, 'PUT', '/accounts/ups', { account_number: account.password }],
    [400, 'PUT', '/weather/chronopost', { script: account.password }],
    [400, 'PUT', '/weather/chronopost', { script: 'constructor' }],
  ]
  for (const [status, method, path, body] of orders) {
    const answer = await order(method, path, { body })
    assert.equal(answer.status, status, `${method} ${path}: ${answer.body}`)
    assert.ok(!answer.body.includes(account.password))
  }
  const long = await send({ method: 'PUT', path: '/accounts/chronopost', body: ' '.repeat(1_048_577) })
  assert.equal(long.status, 413)
  const strange = await send({ method: 'GET', path: '/', headers: { host: 'hawser.example' } })
  assert.equal(strange.status, 404)
})

test('simulator: an account has the credentials of the last order, and both while one is added', async (t) => {
  const { order, outcome } = await open(t)
  const path = '/accounts/mondial_relay'
  const [old, next] = ['key-before-1', 'key-after-22'].map((api_key) => ({ enseigne: 'BDTEST', api_key }))
  const other = { enseigne: 'BDOTHER', api_key: 'key-of-other' }
  const works = () => Promise.all([old, next, other].map((values) => outcome('mondial_relay', values ?? {})))
  const [yes, no] = ['verified', 'invalid_credentials']
  assert.deepEqual(await works(), [no, no, no])
  await order('PUT', path, { body: old })
  await order('PUT', path, { body: other })
  assert.deepEqual(await works(), [yes, no, yes])
  await order('POST', path, { body: next })
  assert.deepEqual(await works(), [yes, yes, yes])
  const { body } = await order('PUT', path, { body: next })
  assert.deepEqual(await works(), [no, yes, yes])
  const names = { names: ['enseigne', 'api_key'] }
  assert.deepEqual(JSON.parse(body), { accounts: [names, names] })
  assert.equal((await order('GET', path)).body, body)
})

test('simulator: every simulated carrier verifies a registered account under its own host', async (t) => {
  const { order, outcome, carrierHosts, address } = await open(t)
  for (const { carrier } of simulatedCarriers) {
    const { needs = [], operator = [], hosts = [] } = findCarrierById(carrier)?.verify ?? {}
    const given = (names: readonly string[]) =>
      Object.fromEntries(names.map((name) => [name, `1-${carrier}-${name}`]))
    const [values, own] = [given(needs), given(operator)]
    assert.equal(
      (await order('PUT', `/accounts/${carrier}`, { body: { ...values, ...own } })).status,
      200,
      carrier,
    )
    assert.equal(await outcome(carrier, values, own), 'verified', carrier)
    for (const host of hosts) assert.ok(carrierHosts.split(',').includes(`${host}=${address}`))
  }
})

test('simulator: a credential or a script asks for an outcome, until the script is taken back', async (t) => {
  const { order, outcome } = await open(t)
  await order('PUT', '/accounts/chronopost', { body: account })
  for (const wanted of ['rate_limited', 'unavailable', 'inconclusive', 'invalid_credentials']) {
    const password = `simulate-${wanted.replaceAll('_', '-')}`
    assert.equal(await outcome('chronopost', { ...account, password }), wanted)
  }
  const enseigne = { enseigne: 'BDMAGIC', api_key: 'simulate-not-entitled' }
  await order('PUT', '/accounts/mondial_relay', { body: enseigne })
  assert.equal(await outcome('mondial_relay', enseigne), 'not_entitled', 'where the key itself is never sent')
  await order('PUT', '/weather/chronopost', { body: { script: 'code_4' } })
  assert.equal(await outcome('chronopost', account), 'inconclusive')
  await order('PUT', '/weather/chronopost', { body: { script: null } })
  assert.equal(await outcome('chronopost', account), 'verified')
})
