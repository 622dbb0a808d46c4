import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { TestServer } from '../../support/server/test-server.ts'

const ROOT = '/v1/partners/accounts'
const details = (more = {}) => ({ company_name: 'A merchant', origin_country_code: 'US', ...more })

async function newPartner(server: TestServer): Promise<string> {
  return server.newKey({ tenantId: await server.newTenant('a partner'), scopes: ['partner'] })
}

async function newPair(server: TestServer): Promise<{ production: string; sandbox: string }> {
  const tenantId = await server.newTenant('a partner')
  const newKey = (environment: 'production' | 'sandbox') =>
    server.newKey({ tenantId, scopes: ['partner'], environment })
  return { production: await newKey('production'), sandbox: await newKey('sandbox') }
}

onEveryDatabase('partner accounts', (server) => {
  const ask = (
    key: string,
    method: string,
    path: string,
    asked: { body?: object | undefined; headers?: Record<string, string> } = {},
  ) => server().request(method, path, { key, ...asked })
  const create = async (key: string, more = {}) =>
    (await ask(key, 'POST', ROOT, { body: details(more) })).json.account_id as string

  test('only a partner’s key gets in, an admin’s does not', async () => {
    for (const [method, path] of [
      ['GET', ROOT],
      ['POST', ROOT],
      ['GET', `${ROOT}/se-1`],
    ] as const)
      assert.equal(
        (await ask(server().key, method, path, { body: method === 'POST' ? details() : undefined })).status,
        403,
      )
  })

  test('an account is created and read back, by its id and by the partner’s own', async () => {
    const key = await newPartner(server())
    const external_account_id = unique('shop')
    const body = details({
      first_name: 'Ann',
      last_name: 'Example',
      email: 'ann@example.com',
      external_account_id,
    })
    const { json, status } = await ask(key, 'POST', ROOT, { body })
    assert.equal(status, 200)
    const { account_id, created_at, modified_at, ...rest } = json
    assert.deepEqual(rest, { ...body, active: true })
    assert.match(account_id, /^se-[0-9a-v]{16}$/)
    assert.equal(created_at, modified_at)
    assert.deepEqual((await ask(key, 'GET', `${ROOT}/${account_id}`)).json, json)
    assert.deepEqual((await ask(key, 'GET', `${ROOT}/external_account_id/${external_account_id}`)).json, json)
  })

  test('bad fields are refused by name', async () => {
    const key = await newPartner(server())
    const { json } = await ask(key, 'POST', ROOT, { body: { email: 'x', origin_country_code: 'USA' } })
    assert.deepEqual(
      json.errors.map(({ field_name }: { field_name: string }) => field_name),
      ['company_name', 'email', 'origin_country_code'],
    )
  })

  test('the partner’s own id stands for one account', async () => {
    const key = await newPartner(server())
    const external_account_id = unique('shop')
    const first = await create(key, { external_account_id })
    assert.equal((await ask(key, 'POST', ROOT, { body: details({ external_account_id }) })).status, 409)
    const second = await create(key)
    const conflict = await ask(key, 'PUT', `${ROOT}/${second}`, { body: details({ external_account_id }) })
    assert.equal(conflict.json.errors[0].field_name, 'external_account_id')
    assert.equal(
      (await ask(key, 'PUT', `${ROOT}/${first}`, { body: details({ external_account_id }) })).status,
      204,
    )
    assert.equal(
      (await ask(await newPartner(server()), 'POST', ROOT, { body: details({ external_account_id }) }))
        .status,
      200,
    )
  })

  test('the list pages, with links, and shows own accounts only', async () => {
    const key = await newPartner(server())
    await create(await newPartner(server()))
    const ids = [await create(key), await create(key), await create(key)]
    const all = (await ask(key, 'GET', ROOT)).json
    assert.deepEqual(
      all.accounts.map(({ account_id }: { account_id: string }) => account_id).sort(),
      ids.toSorted(),
    )
    const second = (await ask(key, 'GET', `${ROOT}?page=2&page_size=2`)).json
    assert.deepEqual([second.accounts.length, second.total, second.page, second.pages], [1, 3, 2, 2])
    assert.deepEqual(second.links.next, {})
    assert.match(second.links.prev.href, /^http:\/\/[^/]+\/v1\/partners\/accounts\?page=1&page_size=2$/)
  })

  test('a partner acts for its account, with every scope but partner', async () => {
    const key = await newPartner(server())
    const account = await create(key)
    const behalf = { 'On-Behalf-Of': account }
    const connected = await ask(key, 'POST', '/v1/connections/carriers/stamps_com', {
      body: { ...connectBodies.stamps_com, username: unique() },
      headers: behalf,
    })
    assert.equal(connected.status, 200)
    const list = await ask(key, 'GET', '/v1/carriers', { headers: behalf })
    assert.equal(list.json.carriers[0].carrier_id, connected.json.carrier_id)
    assert.equal(
      (await ask(key, 'GET', '/v1/audit', { headers: behalf })).json.events[0].actor,
      `key:${key.split('_')[1]}`,
    )
    assert.equal((await ask(key, 'GET', ROOT, { headers: behalf })).status, 403)
    assert.equal((await ask(key, 'GET', '/v1/carriers')).status, 403)
  })

  test('a foreign account, an absent one and one’s own are refused alike', async () => {
    const foreign = await create(await newPartner(server()))
    const tenantId = await server().newTenant()
    const key = await server().newKey({ tenantId, scopes: ['partner'] })
    const texts = new Set<string>()
    for (const id of [foreign, 'se-0000000000000000', tenantId, 'nonsense', server().tenantId]) {
      const answer = await ask(key, 'GET', '/v1/carriers', { headers: { 'On-Behalf-Of': id } })
      assert.equal(answer.status, 403)
      texts.add(answer.text.replace(answer.json.request_id, ''))
    }
    const noPartner = await ask(server().key, 'GET', '/v1/carriers', { headers: { 'On-Behalf-Of': foreign } })
    texts.add(noPartner.text.replace(noPartner.json.request_id, ''))
    assert.equal(texts.size, 1)
    for (const [method, suffix] of [
      ['GET', ''],
      ['PUT', '/disable'],
      ['GET', '/api_keys'],
      ['DELETE', '/api_keys/000000000000'],
    ] as const)
      assert.equal((await ask(key, method, `${ROOT}/${foreign}${suffix}`)).status, 404)
    assert.equal(
      (await ask(key, 'POST', `${ROOT}/${foreign}/api_keys`, { body: { description: 'd' } })).status,
      404,
    )
    assert.equal((await ask(key, 'PUT', `${ROOT}/${foreign}`, { body: details() })).status, 404)
  })

  test('a key of the account is shown once, works, is listed without its text, and ends when deleted', async () => {
    const partner = await newPartner(server())
    const account = await create(partner)
    const { json, headers } = await ask(partner, 'POST', `${ROOT}/${account}/api_keys`, {
      body: {
        description: 'shop',
      },
    })
    assert.equal(headers['cache-control'], 'private, no-store')
    const key = json.encrypted_api_key
    assert.equal((await ask(key, 'GET', '/v1/carriers')).status, 200)
    assert.equal((await ask(key, 'GET', '/v1/audit')).status, 403)
    const { text, json: keys } = await ask(partner, 'GET', `${ROOT}/${account}/api_keys`)
    assert.deepEqual(keys, [
      { api_key_id: json.api_key_id, description: 'shop', created_at: json.created_at, account_id: account },
    ])
    assert.ok(!text.includes(key))
    assert.equal((await ask(partner, 'DELETE', `${ROOT}/${account}/api_keys/${json.api_key_id}`)).status, 204)
    assert.equal((await ask(key, 'GET', '/v1/carriers')).status, 401)
    assert.equal((await ask(partner, 'DELETE', `${ROOT}/${account}/api_keys/${json.api_key_id}`)).status, 404)
    assert.deepEqual((await ask(partner, 'GET', `${ROOT}/${account}/api_keys`)).json, [])
  })

  test('the keys of a disabled account get 403 until it is enabled, and so does its partner on its behalf', async () => {
    const partner = await newPartner(server())
    const account = await create(partner)
    const { json } = await ask(partner, 'POST', `${ROOT}/${account}/api_keys`, {
      body: { description: 'shop' },
    })
    assert.equal((await ask(partner, 'PUT', `${ROOT}/${account}/disable`)).status, 204)
    assert.equal((await ask(json.encrypted_api_key, 'GET', '/v1/carriers')).status, 403)
    assert.equal(
      (await ask(partner, 'GET', '/v1/carriers', { headers: { 'On-Behalf-Of': account } })).status,
      403,
    )
    assert.equal((await ask(partner, 'GET', `${ROOT}/${account}`)).json.active, false)
    assert.equal((await ask(partner, 'PUT', `${ROOT}/${account}/enable`)).status, 204)
    assert.equal((await ask(json.encrypted_api_key, 'GET', '/v1/carriers')).status, 200)
  })

  test('a sandbox key changes no account that was made in production, and knows its sandbox keys only', async () => {
    const { production, sandbox } = await newPair(server())
    const account = await create(production)
    const newKeyOf = async (partner: string) =>
      (await ask(partner, 'POST', `${ROOT}/${account}/api_keys`, { body: { description: 'shop' } })).json
    const real = await newKeyOf(production)
    for (const [method, path, body] of [
      ['PUT', `${ROOT}/${account}`, details({ company_name: 'Taken over' })],
      ['PUT', `${ROOT}/${account}/disable`, undefined],
      ['PUT', `${ROOT}/${account}/enable`, undefined],
    ] as const) {
      const refused = await ask(sandbox, method, path, { body })
      assert.equal(refused.status, 403, path)
      assert.equal(refused.json.errors[0].error_code, 'forbidden')
    }
    const { json: known } = await ask(production, 'GET', `${ROOT}/${account}`)
    assert.equal(known.active, true)
    assert.equal(known.modified_at, known.created_at)
    const trial = await newKeyOf(sandbox)
    assert.match(trial.encrypted_api_key, /^TEST_hws_/)
    const keysOf = async (partner: string) =>
      (await ask(partner, 'GET', `${ROOT}/${account}/api_keys`)).json.map(
        ({ api_key_id }: { api_key_id: string }) => api_key_id,
      )
    assert.deepEqual(await keysOf(sandbox), [trial.api_key_id])
    assert.deepEqual(await keysOf(production), [real.api_key_id])
    for (const [partner, other] of [
      [sandbox, real],
      [production, trial],
    ] as const)
      assert.equal(
        (await ask(partner, 'DELETE', `${ROOT}/${account}/api_keys/${other.api_key_id}`)).status,
        404,
      )
    assert.equal((await ask(real.encrypted_api_key, 'GET', '/v1/carriers')).status, 200)
    assert.equal((await ask(trial.encrypted_api_key, 'GET', '/v1/carriers')).status, 200)
    assert.equal(
      (await ask(sandbox, 'DELETE', `${ROOT}/${account}/api_keys/${trial.api_key_id}`)).status,
      204,
    )
    const behalf = { 'On-Behalf-Of': account }
    assert.equal((await ask(sandbox, 'GET', '/v1/carriers', { headers: behalf })).status, 200)
  })

  test('an account that is made in the sandbox is the sandbox’s alone, and takes no id from production', async () => {
    const { production, sandbox } = await newPair(server())
    const external_account_id = unique('shop')
    const trial = await create(sandbox, { external_account_id })
    const byOwnId = `${ROOT}/external_account_id/${external_account_id}`
    assert.equal((await ask(production, 'GET', byOwnId)).status, 404)
    const real = await create(production, { external_account_id })
    assert.equal((await ask(production, 'GET', byOwnId)).json.account_id, real)
    assert.equal((await ask(sandbox, 'GET', byOwnId)).json.account_id, trial)
    assert.equal((await ask(sandbox, 'POST', ROOT, { body: details({ external_account_id }) })).status, 409)
    const idsOf = async (partner: string) =>
      (await ask(partner, 'GET', ROOT)).json.accounts.map(
        ({ account_id }: { account_id: string }) => account_id,
      )
    assert.deepEqual(await idsOf(production), [real])
    assert.deepEqual((await idsOf(sandbox)).sort(), [trial, real].sort())
    for (const [method, suffix, body] of [
      ['GET', '', undefined],
      ['PUT', '', details()],
      ['PUT', '/disable', undefined],
      ['GET', '/api_keys', undefined],
      ['POST', '/api_keys', { description: 'd' }],
    ] as const)
      assert.equal((await ask(production, method, `${ROOT}/${trial}${suffix}`, { body })).status, 404, suffix)
    const behalf = { 'On-Behalf-Of': trial }
    assert.equal((await ask(production, 'GET', '/v1/carriers', { headers: behalf })).status, 403)
    assert.equal((await ask(sandbox, 'GET', '/v1/carriers', { headers: behalf })).status, 200)
    assert.equal((await ask(sandbox, 'PUT', `${ROOT}/${trial}/disable`)).status, 204)
    assert.equal((await ask(sandbox, 'GET', '/v1/carriers', { headers: behalf })).status, 403)
    assert.equal((await ask(sandbox, 'PUT', `${ROOT}/${trial}/enable`)).status, 204)
    assert.equal((await ask(sandbox, 'PUT', `${ROOT}/${trial}`, { body: details() })).status, 204)
  })

  test('all of it is in the audit log of the account', async () => {
    const partner = await newPartner(server())
    const account = await create(partner)
    await ask(partner, 'PUT', `${ROOT}/${account}`, { body: details({ email: null, first_name: 'B' }) })
    await ask(partner, 'PUT', `${ROOT}/${account}/disable`)
    await ask(partner, 'PUT', `${ROOT}/${account}/enable`)
    const { json } = await ask(partner, 'POST', `${ROOT}/${account}/api_keys`, { body: { description: 'd' } })
    await ask(partner, 'DELETE', `${ROOT}/${account}/api_keys/${json.api_key_id}`)
    const { events } = (await ask(partner, 'GET', '/v1/audit', { headers: { 'On-Behalf-Of': account } })).json
    assert.deepEqual(
      events.map(({ action, fields }: { action: string; fields: string[] }) => [action, fields]).reverse(),
      [
        ['tenant.created', []],
        ['tenant.updated', ['company_name', 'origin_country_code', 'first_name', 'email']],
        ['tenant.disabled', []],
        ['tenant.enabled', []],
        ['api_key.created', []],
        ['api_key.revoked', []],
      ],
    )
  })
})
