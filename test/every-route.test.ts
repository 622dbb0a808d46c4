import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { connectBodies } from './support/connections/connect-bodies.ts'
import { unique } from './support/unique.ts'
import { onEveryDatabase } from './support/server/every-database.ts'
import type { Answer } from './support/server/test-server.ts'

type Parameter = { name: string; in: string; schema: { type?: string } }
type Route = {
  method: string
  path: string
  scoped: boolean
  admin: boolean
  partner: boolean
  query: Parameter[]
}

const ABSENT = { carrier_id: 'se-0000000000000000', ltl: '00000000-0000-4000-8000-000000000000' }
/** Carriers add to what their sign-in pages send back, so that those two take any parameter. */
const OPEN_QUERY = /\/sign_in\/(return|sandbox)$/
const OWN_ROUTES = /^\/(|healthz|readyz|openapi\.json|docs(\/[\w.-]+)?|v[12]\/sign_in\/(return|sandbox))$/

onEveryDatabase('every route', (server) => {
  let routes: Route[] = []
  const foreign = {
    parcel: '',
    ltl: '',
    account: '',
    webhook: '',
    label: '',
    manifest: '',
    apiKey: '',
    key: '',
    partner: '',
    secrets: [] as string[],
  }

  before(async () => {
    const document = (await server().request('GET', '/openapi.json', { key: '' })).json
    const { paths, 'x-hawser-always-refused': refused } = document
    routes = Object.entries(paths as Record<string, Record<string, any>>).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        scoped: operation.security.length > 0,
        admin: path.endsWith('/audit'),
        partner: path.includes('/partners/'),
        query: (operation.parameters ?? []).filter((one: Parameter) => one.in === 'query'),
      })),
    )
    for (const { method, path } of refused)
      routes.push({ method, path, scoped: true, admin: false, partner: false, query: [] })
    const tenantId = await server().newTenant()
    const key = await server().newKey({ tenantId })
    const secrets = [unique('foreign-user'), unique('foreign-pass'), unique('foreign-key')] as const
    foreign.secrets = [...secrets]
    foreign.key = key
    foreign.apiKey = key.split('_')[1] ?? ''
    const stamps = {
      ...connectBodies.stamps_com,
      nickname: unique('foreign-nick'),
      username: secrets[0],
      password: secrets[1],
    }
    foreign.parcel = (
      await server().request('POST', '/v1/connections/carriers/stamps_com', { key, body: stamps })
    ).json.carrier_id
    const label = {
      ...{ carrier_id: foreign.parcel, tracking_number: unique('foreign-nick'), ship_date: '2026-03-01' },
      external_shipment_id: unique('foreign-nick'),
    }
    const labels = [label, { ...label, tracking_number: unique('foreign-nick') }]
    const recorded = await server().request('POST', '/v1/labels/import', { key, body: { labels } })
    foreign.label = recorded.json.results[0].label_id
    const manifest = { carrier_id: foreign.parcel, tracking_numbers: [labels[1]?.tracking_number] }
    foreign.manifest = (
      await server().request('POST', '/v1/manifests/import', { key, body: manifest })
    ).json.manifest_id
    const ltl = { credentials: { key: secrets[2], account_number: '1' } }
    foreign.ltl = (
      await server().request('POST', '/v-beta/ltl/connections/FXFE', { key, body: ltl })
    ).json.carrier_id
    const partner = await server().newKey({ tenantId, scopes: ['partner'] })
    foreign.partner = partner
    const account = { company_name: 'Foreign Inc', origin_country_code: 'US' }
    foreign.account = (
      await server().request('POST', '/v1/partners/accounts', { key: partner, body: account })
    ).json.account_id
    const merchant = await server().newKey({ tenantId: foreign.account })
    const ofAccount = { ...stamps, username: unique('foreign-user') }
    foreign.secrets.push(ofAccount.username)
    await server().request('POST', '/v1/connections/carriers/stamps_com', { key: merchant, body: ofAccount })
    const webhook = { event: 'carrier_connected', url: 'https://foreign-nick.example/' }
    foreign.webhook = (
      await server().request('POST', '/v1/environment/webhooks', { key, body: webhook })
    ).json.webhook_id
  })

  const fill = (path: string, ids: typeof absentIds) =>
    path
      .replace('{carrier_name}', 'stamps_com')
      .replace('{carrier_code}', 'FXFE')
      .replace(/\{carrier_id\}/, path.startsWith('/v-beta') ? ids.ltl : ids.parcel)
      .replace(/\{carrier\}(?=\/(credential_requirements|features))/, 'FXFE')
      .replace('{carrier}', ids.ltl)
      .replace('{account_id}', ids.account)
      .replace('{external_account_id}', 'none')
      .replace(/\{(api_)?key_id\}/, ids.apiKey)
      .replace('{webhook_id}', ids.webhook)
      .replace('{label_id}', ids.label)
      .replace('{manifest_id}', ids.manifest)

  const absentIds = {
    parcel: ABSENT.carrier_id,
    ltl: ABSENT.ltl,
    account: ABSENT.carrier_id,
    webhook: ABSENT.carrier_id,
    label: ABSENT.carrier_id,
    manifest: ABSENT.carrier_id,
    apiKey: '000000000000',
  }
  const ask = (route: Route, ids: typeof absentIds, key: string, headers = {}): Promise<Answer> =>
    server().request(route.method, fill(route.path, ids), {
      key,
      headers,
      ...(['POST', 'PUT'].includes(route.method) ? { body: {} } : {}),
    })
  const asking = (route: Route, query: string, key: string): Promise<Answer> =>
    ask({ ...route, path: `${route.path}?${query}` }, absentIds, key)
  const masked = (answer: Answer) => answer.text.replaceAll(answer.json?.request_id ?? '-', '')

  test('is in the description, and the ones without a key are known', () => {
    assert.ok(routes.length > 60)
    const open = routes.filter(({ scoped }) => !scoped).map(({ path }) => path)
    assert.ok(
      open.every((path) => OWN_ROUTES.test(path)),
      open.join(),
    )
    assert.equal(open.length, 12)
  })

  test('is closed without a key, with a revoked one, and with one that lacks the scope', async () => {
    const use = await server().newKey({ scopes: ['use'] })
    const reader = await server().newKey({ scopes: ['read', 'write'] })
    const revoked = await server().newKey()
    const { revokeKey } = await import('../src/tenants/keys/api-keys.ts')
    const { operator } = await import('../src/tenants/operator.ts')
    await revokeKey(
      server().ctx,
      { ...operator('cli'), tenantId: server().tenantId },
      revoked.split('_')[1] ?? '',
    )
    for (const route of routes.filter(({ scoped }) => scoped)) {
      const what = `${route.method} ${route.path}`
      assert.equal((await ask(route, absentIds, '')).status, 401, what)
      assert.equal((await ask(route, absentIds, revoked)).status, 401, what)
      const poor = route.path.endsWith('/lease') ? reader : use
      assert.equal((await ask(route, absentIds, poor)).status, 403, what)
    }
  })

  test('answers HEAD where it answers GET, alike and with no body', async () => {
    const partner = await server().newKey({ scopes: ['partner'] })
    const read = routes.filter(({ method }) => method === 'GET')
    for (const route of read) {
      const key = route.partner ? partner : server().key
      const [shown, head] = [
        await ask(route, absentIds, key),
        await ask({ ...route, method: 'HEAD' }, absentIds, key),
      ]
      // A HEAD request must not use up a sign-in, so the return of a sign-in does nothing and answers 200.
      const isReturn = route.path.endsWith('/sign_in/return')
      assert.deepEqual([head.status, head.text], [isReturn ? 200 : shown.status, ''], route.path)
      if (!isReturn) assert.equal(head.headers['cache-control'], shown.headers['cache-control'], route.path)
      if (route.scoped)
        assert.equal((await ask({ ...route, method: 'HEAD' }, absentIds, '')).status, 401, route.path)
    }
    assert.ok(read.length > 40)
  })

  test('refuses a parameter that it does not take by its name, once key and scope are right', async () => {
    const partner = await server().newKey({ scopes: ['partner'] })
    const poor = await server().newKey({ scopes: [] as never })
    const closed = routes.filter(({ path }) => !OPEN_QUERY.test(path))
    assert.ok(routes.length - closed.length <= 4)
    for (const route of closed) {
      const key = route.partner ? partner : server().key
      const what = `${route.method} ${route.path}`
      const { status, json } = await asking(route, 'nickname=a&no_such=b&long%20name=c&constructor=d', key)
      assert.equal(status, 400, what)
      const named = json.errors.map(({ field_name }: { field_name?: string }) => field_name)
      assert.deepEqual(named, ['nickname', 'no_such', undefined, 'constructor'], what)
      assert.ok(!JSON.stringify(json).includes('long name'), what)
      for (const query of ['%ff=1', 'a%C3'])
        assert.equal((await asking(route, query, key)).status, 400, `${what} ${query}`)
      if (!route.scoped) continue
      assert.equal((await asking(route, 'no_such=b', '')).status, 401, what)
      assert.equal((await asking(route, 'no_such=b', poor)).status, 403, what)
    }
    for (const path of ['/docs', '/docs/start.js', '/docs/swagger-ui.css'])
      assert.equal((await server().request('GET', `${path}?no_such=b`, { key: '' })).status, 400, path)
  })

  test('refuses a parameter that stands twice, and says which one was meant by a misspelt one', async () => {
    const partner = await server().newKey({ scopes: ['partner'] })
    let tried = 0
    for (const route of routes.filter(({ path }) => !OPEN_QUERY.test(path)))
      for (const { name, schema } of route.query) {
        const key = route.partner ? partner : server().key
        const what = `${route.method} ${route.path} ${name}`
        if (schema.type !== 'array') {
          const twice = await asking(route, `${name}=FXFE&${name}=FXFE`, key)
          assert.deepEqual([twice.status, twice.json.errors[0].field_name], [400, name], what)
        }
        for (const broken of ['%ff', 'a%', 'a&b=%E6%9D']) {
          const { status, json } = await asking(route, `${name}=${broken}`, key)
          assert.equal(status, 400, `${what} ${broken}`)
          const fields = json.errors.map((error: any) => error.field_name)
          assert.deepEqual(fields, [broken.includes('&') ? undefined : name], `${what} ${broken}`)
          assert.match(json.errors[0].message, /must be UTF-8 in percent encoding/)
        }
        if (name.length < 4) continue
        const written = name.slice(0, 2) + name.slice(3)
        const { status, json } = await asking(route, `${written}=1`, key)
        assert.deepEqual([status, json.errors[0].field_name], [400, written], what)
        assert.match(json.errors[0].message, new RegExp(`did you mean ${name}\\?`), what)
        tried += 1
      }
    assert.ok(tried > 100)
  })

  test('takes the SCAC of its path in the query too, and refuses another carrier’s', async () => {
    const named = routes.filter(({ query }) => query.some(({ name }) => name === 'carrier_code'))
    const inPath = routes.filter(({ path }) => /\{carrier_code\}|(requirements|features)$/.test(path))
    assert.deepEqual(named, inPath)
    for (const route of named) {
      const what = `${route.method} ${route.path}`
      const plain = await ask(route, absentIds, server().key)
      for (const scac of ['FXFE', 'fxfe', 'FXNL']) {
        const said = await asking(route, `carrier_code=${scac}`, server().key)
        assert.equal(masked(said), masked(plain), what)
      }
      for (const scac of ['EXLA', 'nobody', '']) {
        const { status, json } = await asking(route, `carrier_code=${scac}`, server().key)
        assert.deepEqual([status, json.errors[0].error_code], [400, 'field_conflict'], what)
        assert.equal(json.errors[0].field_name, 'carrier_code')
      }
    }
  })

  test('answers a path with a slash at its end as the path without it', async () => {
    const partner = await server().newKey({ scopes: ['partner'] })
    for (const route of routes) {
      const key = route.partner ? partner : server().key
      const what = `${route.method} ${route.path}`
      const plain = await ask(route, absentIds, key)
      const slashed = await ask({ ...route, path: `${route.path}/` }, absentIds, key)
      const [one, other] = [plain, slashed].map(({ headers: { date: _date, ...headers }, ...answer }) => ({
        status: answer.status,
        text: masked(answer as Answer),
        headers: { ...headers, 'x-shipengine-requestid': '' },
      }))
      assert.deepEqual(other, one, what)
    }
    for (const path of ['/docs', '/docs/start.js', '/nope', '/v1/nope'])
      for (const method of ['GET', 'PATCH']) {
        const [one, other] = [
          await server().request(method, path),
          await server().request(method, `${path}/`),
        ]
        assert.deepEqual([other.status, masked(other)], [one.status, masked(one)], path)
      }
  })

  test('lets nobody keep what it answers to a key, refusals neither', async () => {
    const partner = await server().newKey({ scopes: ['partner'] })
    const poor = await server().newKey({ scopes: [] as never })
    for (const route of routes.filter(({ scoped }) => scoped))
      for (const key of [route.partner ? partner : server().key, poor, ''])
        for (const path of [route.path, `${route.path}?no_such=1`]) {
          const answer = await ask({ ...route, path }, absentIds, key)
          const what = `${route.method} ${path} ${answer.status}`
          assert.equal(answer.headers['cache-control'], 'private, no-store', what)
        }
    for (const path of ['/nope', '/v1/carriers/%zz'])
      assert.equal((await server().request('GET', path)).headers['cache-control'], 'private, no-store')
  })

  test('answers under /v2 where it answers under /v1, and the other way round', () => {
    const under = (prefix: string) =>
      routes
        .filter(({ path }) => path.startsWith(`${prefix}/`))
        .map(({ method, path }) => `${method} ${path.slice(prefix.length)}`)
        .sort()
    assert.deepEqual(under('/v2'), under('/v1'))
  })

  test('refuses an id that can be none with one code, whatever it is the id of', async () => {
    const partner = await server().newKey({ scopes: ['partner'] })
    let tried = 0
    for (const route of routes) {
      const key = route.partner ? partner : server().key
      for (const [given] of route.path.matchAll(
        /\{(\w+_id|carrier)\}(?!\/(credential_requirements|features))/g,
      )) {
        if (given.startsWith('{external_')) continue
        for (const id of ['nope', 'SE-1', '%00', 'se_1', `se-${'1'.repeat(30)}`]) {
          const path = route.path.replace(given, id)
          const { status, json } = await ask({ ...route, path }, absentIds, key)
          const [{ error_code, error_type }] = json.errors
          const what = `${route.method} ${path}`
          assert.deepEqual([status, error_code, error_type], [404, 'invalid_identifier', 'validation'], what)
          tried += 1
        }
      }
    }
    assert.ok(tried > 300)
  })

  test('answers a foreign id as an absent one, and shows nothing foreign', async () => {
    const keys = [
      server().key,
      await server().newKey({ scopes: ['read', 'write'] }),
      await server().newKey({ environment: 'sandbox' }),
      await server().newKey({ scopes: ['partner'] }),
    ]
    const behalf = [{}, { 'On-Behalf-Of': foreign.account }]
    for (const route of routes)
      for (const key of keys)
        for (const headers of behalf) {
          const there = await ask(route, foreign, key, headers)
          const absent = await ask(route, absentIds, key, headers)
          const what = `${route.method} ${route.path}`
          assert.equal(there.status, absent.status, what)
          for (const secret of [...foreign.secrets, 'foreign-nick', 'Foreign Inc'])
            assert.ok(!there.text.includes(secret) && !JSON.stringify(there.headers).includes(secret), what)
          if (there.status >= 400) assert.equal(masked(there), masked(absent), what)
        }
  })

  test('left the foreign connections and the foreign account as they were', async () => {
    const parcel = await server().request('GET', `/v1/connections/carriers/stamps_com/${foreign.parcel}`, {
      key: foreign.key,
    })
    assert.equal(parcel.json.version, 1)
    const ltl = await server().request('GET', `/v-beta/ltl/carriers/${foreign.ltl}`, { key: foreign.key })
    assert.equal(ltl.headers.etag, '"v1"')
    const account = await server().request('GET', `/v1/partners/accounts/${foreign.account}`, {
      key: foreign.partner,
    })
    assert.equal(account.json.active, true)
    assert.equal(account.json.modified_at, account.json.created_at)
    const webhook = await server().request('GET', `/v1/environment/webhooks/${foreign.webhook}`, {
      key: foreign.key,
    })
    assert.equal(webhook.json.url, 'https://foreign-nick.example/')
    const label = await server().request('GET', `/v1/labels/${foreign.label}`, { key: foreign.key })
    assert.equal(label.json.status, 'completed')
    const { json } = await server().request('GET', '/v1/keys', { key: foreign.key })
    const revoked = json.keys.filter(({ revoked_at }: { revoked_at: string | null }) => revoked_at !== null)
    assert.deepEqual([revoked, json.total], [[], 2])
  })
})
