import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../../src/config.ts'
import { openOutbound } from '../../../src/outbound/http.ts'
import { obstacleFinder } from '../../../src/outbound/receiver-addresses.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { Answer } from '../../support/server/test-server.ts'
import { createWebhook } from '../../support/webhooks/create-webhook.ts'
import { openReceivers } from '../../support/webhooks/receivers.ts'

const PATH = '/v1/environment/webhooks'
const event = 'carrier_connected'
const url = () => `https://${unique('hooks')}.example/in`

/** These addresses get no delivery under the usual settings, whatever DNS says. */
const HOPELESS = [
  'http://hooks.example/in',
  'ftp://hooks.example/in',
  'https://hooks.example:444/',
  'https://hooks.example:80/',
  'https://hooks.example./in',
  'https://user@hooks.example/',
  'https://user:planted@hooks.example/',
  'https://:planted@hooks.example/',
  'https://127.0.0.1/in',
  'https://127.1/in',
  'https://0x7f000001/',
  'https://2130706433/',
  'https://10.0.0.1/',
  'https://192.168.1.1:8443/',
  'https://169.254.169.254/latest/meta-data',
  'https://[::1]/',
  'https://[fd00::1]/',
  'https://[::ffff:10.0.0.1]/',
  'https://0.0.0.0/',
  'https:\\\\hooks.example',
  'https://hooks.example/a b',
  'https://hooks.example/\ta',
  'https://localhost/in',
  'https://LOCALHOST:8443/in',
  'https://hooks.localhost/',
  'https://a..b/',
  'https://.hooks.example/',
  'https://hooks..example/in',
  `https://${'a'.repeat(64)}.example/`,
  `https://${'a.'.repeat(124)}example/`,
  `https://${'ä'.repeat(60)}.example/`,
  'https://xn--a/',
  'https://hooks.xn--.example/',
  'https://XN--A.example/',
  'https://hooks.invalid/',
  'https://invalid/',
  'https://expyuzz4wqqyqhjn.onion/',
  'https://*.hooks.example/',
  'https://hooks!.example/',
]
/** A parser would turn these addresses into others; none of them is taken, although deliveries to old ones go on. */
const MISSPELT = [
  'https:///hooks.example',
  'https:////hooks.example',
  'https://@hooks.example/',
  'https://:@hooks.example/',
  'https:///user@hooks.example',
  'https://hooks.example/in#f',
  'https://hooks.example#',
  'https://hooks.example?a=1#f',
  'https:hooks.example',
  'https:/hooks.example',
]
const FINE = [
  'https://hooks.example',
  'https://hooks.example:8443/in',
  'HTTPS://8.8.8.8/',
  'https://[2606:4700::1]/',
  'https://hooks/in',
  'https://münchen.example/in',
  'https://xn--mnchen-3ya.example/xn--a',
  'https://hooks_1.a--b.example/a..b?c=https://localhost/@x',
  `https://${'a'.repeat(63)}.example/`,
  `https://${'a.'.repeat(122)}example/`,
  'https://localhost.example/',
  'https://invalid.example/',
]

onEveryDatabase('addresses of webhooks', (server) => {
  const send = (method: string, path: string, asked: { body?: unknown } = {}) =>
    server().request(method, path, asked)
  const told = (answer: Answer) =>
    answer.json.errors.map((error: any) => [error.error_code, error.field_name] as const)
  const notices = (answer: Answer) => [answer.headers['hawser-notice'] ?? []].flat()

  test('what no delivery would be made to is refused, at create and at update alike', async () => {
    const { id } = await createWebhook(server(), { url: url(), event: 'connection.updated' })
    for (const address of [...HOPELESS, ...MISSPELT])
      for (const [method, path, body] of [
        ['POST', PATH, { event, url: address }],
        ['PUT', `${PATH}/${id}`, { url: address }],
      ] as const) {
        const answer = await send(method, path, { body })
        assert.deepEqual([answer.status, ...told(answer)], [400, ['invalid_field_value', 'url']], address)
        assert.ok(!answer.text.includes('planted'), 'no part of the address is repeated')
      }
    for (const blank of ['', ' ', '\u200b', null]) {
      assert.deepEqual(told(await send('POST', PATH, { body: { event, url: blank } })), [
        ['field_value_required', 'url'],
      ])
      const moved = await send('PUT', `${PATH}/${id}`, { body: { url: blank } })
      assert.deepEqual([moved.status, ...told(moved)], [400, ['field_value_required', 'url']])
    }
    for (const address of FINE) {
      assert.equal((await send('POST', PATH, { body: { event, url: address } })).status, 200, address)
      assert.equal((await send('PUT', `${PATH}/${id}`, { body: { url: address } })).status, 204, address)
    }
  })

  test('an address is checked by the same rules when it is written and when a message is delivered, for every setting', async () => {
    for (const env of [
      {},
      { HAWSER_WEBHOOK_HTTP: 'true' },
      { HAWSER_OUTBOUND_ALLOW: '127.0.0.0/8,10.0.0.1,::1' },
      { HAWSER_OUTBOUND_ALLOW: '::1' },
      { HAWSER_WEBHOOK_HTTP: 'true', HAWSER_OUTBOUND_ALLOW: '10.0.0.0/8' },
    ]) {
      const { config } = parseConfig({ ...server().env, ...env })
      const settings = { ...config.outbound, deliverInClear: config.webhooks.http }
      const findObstacle = obstacleFinder(settings)
      const limits = { stepMs: 1, totalMs: 300, connectMs: 100 }
      const resolve = () => Promise.reject(new Error('Nobody knows it.'))
      const way = openOutbound({ ...settings, log: server().ctx.log, resolve, limits })
      for (const address of [...HOPELESS, ...FINE]) {
        const delivery = { tenantId: 't', url: address, headers: {}, body: '' }
        const { reason } = await way.deliver(delivery).then(
          () => ({ reason: '' }),
          (error: { reason: string }) => error,
        )
        assert.equal(
          reason === 'blocked',
          findObstacle(address) !== undefined,
          `${address} ${JSON.stringify(env)}`,
        )
      }
      await way.close()
    }
  })

  test('localhost is an address of this machine, and open where that is', () => {
    for (const allow of [['127.0.0.1'], ['127.0.0.0/8'], ['::1']])
      for (const host of ['localhost', 'hooks.localhost'])
        assert.equal(obstacleFinder({ allow })(`https://${host}/in`), undefined, `${allow.join()} ${host}`)
    for (const allow of [[], ['10.0.0.0/8'], ['127.0.0.2']])
      assert.equal(obstacleFinder({ allow })('https://localhost/in'), 'address', `${allow.join()}`)
    assert.equal(obstacleFinder({ allow: ['127.0.0.1'] })('https://a..localhost/in'), 'name')
  })

  test('what a name leads to is told, and not refused', async () => {
    const { ctx } = server()
    const log = ctx.log
    const found: Record<string, string> = { 'inside.example': '10.0.0.1', 'outside.example': '8.8.8.8' }
    const resolve = async (name: string) => {
      const address = found[name]
      if (address === undefined) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
      return [{ address, family: 4 }]
    }
    const way = openOutbound({ ...ctx.config.outbound, log, resolve, limits: { stepMs: 1 } })
    const before = ctx.outbound
    ctx.outbound = { ...before, leadsOut: way.leadsOut }
    const { id } = await createWebhook(server(), { url: url(), event: 'connection.degraded' })
    for (const [host, isTold] of [
      ['inside.example', true],
      ['nowhere.example', true],
      ['outside.example', false],
      ['8.8.8.8', false],
    ] as const) {
      const made = await send('POST', PATH, {
        body: { event: 'connection.recovered', url: `https://${host}/` },
      })
      const line = `webhook_unreachable; webhook_id=${made.json.webhook_id}`
      assert.deepEqual([made.status, notices(made)], [200, isTold ? [line] : []], host)
      const moved = await send('PUT', `${PATH}/${id}`, { body: { url: `https://${host}/` } })
      assert.deepEqual(notices(moved), isTold ? [`webhook_unreachable; webhook_id=${id}`] : [], host)
    }
    assert.deepEqual(notices(await send('PUT', `${PATH}/${id}`, { body: { name: 'only renamed' } })), [])
    ctx.outbound = before
    await way.close()
  })

  for (const at of ['http://127.0.0.1:9/hook', 'http://localhost:9/hook'])
    test(`${at}, which a setting let through and no longer does, is named in every answer that shows it`, async () => {
      const { ctx } = server()
      const strict = ctx.findObstacle
      ctx.findObstacle = obstacleFinder({ allow: ['127.0.0.1'], deliverInClear: true })
      const { json, status } = await send('POST', PATH, { body: { event, url: at } })
      assert.equal(status, 200)
      const line = `webhook_unreachable; webhook_id=${json.webhook_id}`
      const list = async () =>
        notices(await send('GET', PATH)).filter((one) => String(one).includes('unreachable'))
      assert.deepEqual(await list(), [])
      ctx.findObstacle = strict
      assert.deepEqual(await list(), [line])
      assert.deepEqual(notices(await send('GET', `${PATH}/${json.webhook_id}`)), [line])
      const kept = await send('PUT', `${PATH}/${json.webhook_id}`, { body: { url: at } })
      assert.equal(kept.status, 400)
      assert.equal((await send('DELETE', `${PATH}/${json.webhook_id}`)).status, 204)
    })

  test('what is sealed in headers goes to no other origin than it was given for', async () => {
    const receivers = openReceivers(server())
    const at = 'https://first.example/in'
    const headers = [{ key: 'Authorization', value: 'Bearer kept-for-the-first' }]
    const { id } = await createWebhook(server(), { url: at, event: 'connection.disconnected', headers })
    const path = `${PATH}/${id}`
    const before = (await send('GET', path)).json
    const others = [
      'https://other.example/in',
      'https://first.example:8443/in',
      'https://first.example.net/in',
    ]
    for (const other of others) {
      assert.deepEqual(told(await send('PUT', path, { body: { url: other } })), [
        ['field_value_required', 'headers'],
      ])
      assert.deepEqual(told(await send('PUT', path, { body: { url: other, name: 'n' } })), [
        ['field_value_required', 'headers'],
      ])
      for (const key of ['Authorization', 'AUTHORIZATION']) {
        const masked = [
          { key: 'x-new', value: 'v' },
          { key, value: '[secret]' },
        ]
        assert.deepEqual(told(await send('PUT', path, { body: { url: other, headers: masked } })), [
          ['field_value_required', 'headers.1.value'],
        ])
      }
    }
    assert.deepEqual((await send('GET', path)).json, before)
    for (const same of ['https://first.example/elsewhere?a=1', 'HTTPS://FIRST.example:443/in'])
      assert.equal((await send('PUT', path, { body: { url: same } })).status, 204, same)
    assert.equal((await send('PUT', path, { body: { url: others[0], headers: null } })).status, 204)
    assert.deepEqual((await send('GET', path)).json.headers, [])
    assert.equal(
      (await send('PUT', path, { body: { url: others[1] } })).status,
      204,
      'nothing is kept, nothing is asked for',
    )
    const anew = [{ key: 'Authorization', value: 'Bearer another' }]
    assert.equal((await send('PUT', path, { body: { url: others[2], headers: anew } })).status, 204)
    assert.equal(receivers.seen.length, 0)
  })

  test('[secret] keeps the value of a header that is there, and is never one', async () => {
    const at = url()
    const masked = (...keys: string[]) => keys.map((key) => ({ key, value: '[secret]' }))
    const refusedAt = (answer: Answer) => [answer.status, ...told(answer)]
    for (const value of ['[secret]', ' [secret] ']) {
      const headers = [
        { key: 'x-fine', value: 'v' },
        { key: 'x-new', value },
      ]
      assert.deepEqual(refusedAt(await send('POST', PATH, { body: { event, url: at, headers } })), [
        400,
        ['invalid_field_value', 'headers.1.value'],
      ])
    }
    const { id } = await createWebhook(server(), {
      url: at,
      event,
      headers: [{ key: 'X-Kept', value: 'kept' }],
    })
    const path = `${PATH}/${id}`
    for (const body of [
      { headers: masked('x-kept', 'x-new', 'x-other') },
      { headers: masked('X-KEPT', 'x-new', 'x-other'), name: 'n', url: at },
      { headers: [{ key: 'x-kept', value: 'anew' }, ...masked('x-new', 'x-other')], url: url() },
    ])
      assert.deepEqual(refusedAt(await send('PUT', path, { body })), [
        400,
        ['invalid_field_value', 'headers.1.value'],
        ['invalid_field_value', 'headers.2.value'],
      ])
    assert.equal((await send('PUT', path, { body: { headers: masked('x-KEPT') } })).status, 204)
    assert.deepEqual((await send('GET', path)).json.headers, masked('x-KEPT'))
    assert.equal((await send('PUT', path, { body: { headers: [] } })).status, 204)
    assert.equal((await send('PUT', path, { body: { headers: masked('x-KEPT') } })).status, 400)
  })
})
