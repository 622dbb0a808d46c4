import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Scope } from '../../../src/context.ts'
import { readAuditChain } from '../../../src/store/tables/tenants/audit.ts'
import type { Environment } from '../../../src/store/schema/tables.ts'
import { createOwnKey } from '../../../src/tenants/keys/own-keys.ts'
import { createKey } from '../../../src/tenants/keys/api-keys.ts'
import { GRANTABLE } from '../../../src/tenants/keys/key-form.ts'
import { operator } from '../../../src/tenants/operator.ts'
import { grants } from '../../../src/tenants/scopes.ts'
import { Secret } from '../../../src/secret.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { Answer } from '../../support/server/test-server.ts'

const PATH = '/v1/keys'
const ACCOUNTS = '/v1/partners/accounts'
const ENVIRONMENTS: Environment[] = ['production', 'sandbox']
const ASKED: Scope[][] = [['read'], ['write'], ['use'], ['admin'], ['read', 'write', 'use'], ['partner']]
const MAKERS: Scope[][] = [...ASKED, ['admin', 'partner']]
const HOUR_MS = 3_600_000

const idOf = (key: string) => /hws_([0-9A-Za-z]{12})_/.exec(key)?.[1] ?? assert.fail()
const named = ({ json }: Answer): string[] =>
  json.errors.map(({ field_name }: { field_name?: string }) => field_name)

onEveryDatabase('keys of an account', (server) => {
  let now = new Date('2026-05-10T12:34:56.789Z')
  const inHours = (hours: number) => new Date(now.getTime() + hours * HOUR_MS).toISOString()
  before(() => void (server().ctx.clock = () => now))

  const ask = (
    key: string,
    method: string,
    path: string,
    asked: { body?: object | undefined; headers?: Record<string, string> } = {},
  ) => server().request(method, path, { key, ...asked })
  const make = (key: string, more: object = {}, headers = {}) =>
    ask(key, 'POST', PATH, { body: { scopes: ['read'], ...more }, headers })
  const listOf = async (key: string, headers = {}) =>
    (await ask(key, 'GET', `${PATH}?page_size=500`, { headers })).json.keys as any[]
  const idsOf = async (key: string, headers = {}) =>
    (await listOf(key, headers)).map(({ key_id }) => key_id as string).sort()
  const revokedAt = async (key: string, keyId: string) =>
    (await listOf(key)).find(({ key_id }) => key_id === keyId).revoked_at as string | null
  const statusOf = async (key: string) => (await ask(key, 'GET', '/v1/carriers')).status
  /** Reads the audit events about keys, oldest first. */
  const recordOf = async (tenantId: string) =>
    (await server().ctx.store.read(tenantId, (db) => readAuditChain(db, tenantId, 0, 10_000)))
      .filter(({ action }) => action.startsWith('api_key.'))
      .map(({ action, subject, actor, environment }) => ({ action, subject, actor, environment }))
  const newPair = async () => {
    const tenantId = await server().newTenant()
    const newKey = (environment: Environment) => server().newKey({ tenantId, environment })
    return { tenantId, production: await newKey('production'), sandbox: await newKey('sandbox') }
  }
  /** Makes a partner with its own account, and returns its key, and the header with which it acts for the account. */
  const newPartner = async (environment: Environment, more: { expiresAt?: string } = {}) => {
    const tenantId = await server().newTenant('a partner')
    const key = await server().newKey({ tenantId, scopes: ['partner'], environment, ...more })
    const body = { company_name: 'The merchant', origin_country_code: 'US' }
    const account = (await ask(key, 'POST', ACCOUNTS, { body })).json.account_id as string
    return { tenantId, key, account, behalf: { 'On-Behalf-Of': account } }
  }

  test('only an admin’s key gets in, of whatever environment', async () => {
    for (const environment of ENVIRONMENTS)
      for (const scopes of MAKERS) {
        const key = await server().newKey({ scopes, environment })
        const isAdmin = scopes.includes('admin')
        const other = idOf(await server().newKey({ environment }))
        for (const [method, path, body, done] of [
          ['GET', PATH, undefined, 200],
          ['POST', PATH, { scopes: ['read'] }, 200],
          ['DELETE', `${PATH}/${other}`, undefined, 204],
        ] as const)
          assert.equal((await ask(key, method, path, { body })).status, isAdmin ? done : 403, scopes.join())
      }
  })

  test('bad fields are refused by name, all at once, and make no key', async () => {
    const { tenantId, production: key } = await newPair()
    const before = await recordOf(tenantId)
    const cases: [body: object, ...fields: (string | undefined)[]][] = [
      [{}, 'scopes'],
      [{ scopes: null }, 'scopes'],
      [{ scopes: [] }, 'scopes'],
      [{ scopes: 'read' }, 'scopes'],
      [{ scopes: { 0: 'read' } }, 'scopes'],
      [{ scopes: ['raed'] }, 'scopes'],
      [{ scopes: ['read', ''] }, 'scopes'],
      [{ scopes: ['read', 5] }, 'scopes'],
      [{ scopes: ['read,write'] }, 'scopes'],
      [{ scopes: ['read', 'partner'] }, 'scopes'],
      [{ scopes: ['read'], description: 5 }, 'description'],
      [{ scopes: ['read'], description: 'd'.repeat(201) }, 'description'],
      [{ scopes: ['read'], environment: 'prod' }, 'environment'],
      [{ scopes: ['read'], environment: 'sandbox' }, 'environment'],
      [{ scopes: ['read'], expires_at: 5 }, 'expires_at'],
      [{ scopes: ['read'], expires_at: 'soon' }, 'expires_at'],
      [{ scopes: ['read'], expires_at: '2027-02-30' }, 'expires_at'],
      [{ scopes: ['read'], expires_at: '2027-01-31T12:00:00' }, 'expires_at'],
      [{ scopes: ['read'], expires_at: '2026-05-09' }, 'expires_at'],
      [{ scopes: ['read'], expires: '2027-01-31' }, undefined],
      [
        { scopes: ['x'], description: 5, environment: 'sandbox', expires_at: '2020-01-01' },
        ...['scopes', 'description', 'environment', 'expires_at'],
      ],
      [
        { scopes: ['x'], environment: 'sandbox', expires_at: '2020-01-01' },
        ...['scopes', 'environment', 'expires_at'],
      ],
    ]
    for (const [body, ...fields] of cases) {
      const answer = await ask(key, 'POST', PATH, { body })
      assert.equal(answer.status, 400, JSON.stringify(body))
      assert.deepEqual(named(answer), fields, JSON.stringify(body))
    }
    assert.match((await make(key, { scopes: ['raed'] })).json.errors[0].message, /did you mean read\?$/)
    assert.deepEqual(await recordOf(tenantId), before)
  })

  test('a key is made, shown once, works at once, is listed without its text, and ends when it is revoked', async () => {
    const { tenantId, production: admin } = await newPair()
    const body = { scopes: ['write', 'read', 'write'], description: 'shop', expires_at: inHours(2) }
    const { status, json, headers } = await make(admin, body)
    assert.equal(status, 200)
    assert.equal(headers['cache-control'], 'private, no-store')
    const { key, ...shown } = json
    assert.deepEqual(shown, {
      ...{ key_id: idOf(key), description: 'shop', scopes: ['read', 'write'], environment: 'production' },
      ...{ created_at: now.toISOString(), expires_at: inHours(2), revoked_at: null, last_used_at: null },
    })
    const { text, json: page } = await ask(admin, 'GET', PATH)
    assert.deepEqual(
      page.keys.find(({ key_id }: any) => key_id === shown.key_id),
      shown,
    )
    assert.deepEqual(Object.keys(page), ['keys', 'total', 'page', 'pages', 'links'])
    assert.ok(!text.includes(key.split('_').at(-2)))
    assert.equal(await statusOf(key), 200)
    assert.equal((await ask(key, 'GET', PATH)).status, 403)
    assert.equal((await ask(admin, 'DELETE', `${PATH}/${json.key_id}`)).status, 204)
    assert.equal(await statusOf(key), 401)
    assert.equal(await revokedAt(admin, json.key_id), now.toISOString())
    const actor = { actor: `key:${idOf(admin)}`, environment: 'production', subject: json.key_id }
    assert.deepEqual((await recordOf(tenantId)).slice(-2), [
      { action: 'api_key.created', ...actor },
      { action: 'api_key.revoked', ...actor },
    ])
  })

  test('a key that was revoked before stays as it was, and the answer is the same; two at once are on record once', async () => {
    const { tenantId, production: admin } = await newPair()
    const { key_id } = (await make(admin)).json
    const path = `${PATH}/${key_id}`
    const both = await Promise.all([ask(admin, 'DELETE', path), ask(admin, 'DELETE', path)])
    assert.deepEqual(
      both.map(({ status }) => status),
      [204, 204],
    )
    const revoked = await revokedAt(admin, key_id)
    now = new Date(now.getTime() + 5_000)
    assert.equal((await ask(admin, 'DELETE', path)).status, 204)
    assert.deepEqual([await revokedAt(admin, key_id), typeof revoked], [revoked, 'string'])
    const ends = (await recordOf(tenantId)).filter(({ action }) => action === 'api_key.revoked')
    assert.deepEqual(
      ends.map(({ subject }) => subject),
      [key_id],
    )
    for (const absent of ['000000000000', idOf(server().key)])
      assert.equal((await ask(admin, 'DELETE', `${PATH}/${absent}`)).status, 404)
    assert.equal(await statusOf(server().key), 200)
  })

  test('a key does not revoke itself, and of two that revoke each other one stays', async () => {
    const { tenantId, production: one } = await newPair()
    const refused = await ask(one, 'DELETE', `${PATH}/${idOf(one)}`)
    assert.equal(refused.status, 409)
    assert.equal(refused.headers['hawser-condition'], 'key_revokes_itself')
    assert.equal(await statusOf(one), 200)
    for (let round = 0; round < 5; round += 1) {
      const other = await server().newKey({ tenantId })
      const third = await server().newKey({ tenantId })
      const answers = await Promise.all([
        ask(third, 'DELETE', `${PATH}/${idOf(other)}`),
        ask(other, 'DELETE', `${PATH}/${idOf(third)}`),
      ])
      assert.deepEqual(answers.map(({ status }) => status).sort(), [204, 401])
      assert.deepEqual([await statusOf(third), await statusOf(other)].sort(), [200, 401])
    }
  })

  test('what was revoked or has ended while its request waited makes no key and revokes none', async () => {
    const { tenantId, production } = await newPair()
    const { ctx } = server()
    const keyId = idOf(production)
    const environment: Environment = 'production'
    const actor = { ...operator('cli'), tenantId }
    const acting = { tenantId, keyId, environment, expiresAt: null, scopes: grants(['admin']) }
    const body = () => new Secret({ scopes: ['read'] })
    assert.ok(await createOwnKey(ctx, actor, { acting, body }), 'the control')
    for (const change of [{ expires_at: now.toISOString() }, { revoked_at: now.toISOString() }]) {
      await ctx.store.transaction(tenantId, (tx) =>
        tx.updateTable('api_key').set(change).where('key_id', '=', keyId).execute(),
      )
      const before = await recordOf(tenantId)
      await assert.rejects(createOwnKey(ctx, actor, { acting, body }), { status: 401 })
      assert.deepEqual(await recordOf(tenantId), before)
    }
  })

  test('no key is made with a scope that its maker lacks, whoever lets it in', async () => {
    const { tenantId, production } = await newPair()
    const keyId = idOf(production)
    const environment: Environment = 'production'
    const actor = { ...operator('cli'), tenantId }
    for (const has of GRANTABLE)
      for (const asks of GRANTABLE) {
        const acting = { tenantId, keyId, environment, expiresAt: null, scopes: new Set([has]) }
        const made = createOwnKey(server().ctx, actor, {
          acting,
          body: () => new Secret({ scopes: [asks] }),
        })
        if (has === asks) assert.equal((await made).listed.scopes, asks)
        else await assert.rejects(made, { status: 400 })
      }
  })

  // Each row has the end that is asked for a new key, and the hours until its real end, or `no` for a refusal; the key that makes it ends at `end`, or never.
  const LIVES: [
    asked: () => string | null | undefined,
    hours: (end: number | null) => number | null | 'no',
  ][] = [
    [() => undefined, (end) => end],
    [() => null, (end) => end],
    [() => inHours(1), () => 1],
    [() => inHours(2), () => 2],
    [() => inHours(2).replace('Z', '+00:00'), () => 2],
    [() => inHours(2.001), (end) => (end === null ? 2.001 : 'no')],
    [() => inHours(-0.001), () => 'no'],
    [() => now.toISOString(), () => 'no'],
  ]

  test('a key has at most the scopes, the environment and the life of its maker, be that an admin or a partner for its account', async () => {
    const wrong: string[] = []
    for (const environment of ENVIRONMENTS)
      for (const end of [null, 2])
        for (const kind of ['admin', 'admin and partner', 'partner on behalf'] as const) {
          const life = end === null ? {} : { expiresAt: inHours(end) }
          const partner = await newPartner(environment, life)
          const scopes: Scope[] = kind === 'admin' ? ['admin'] : ['admin', 'partner']
          const isPartner = kind === 'partner on behalf'
          const tenantId = isPartner ? partner.account : await server().newTenant()
          const key = isPartner
            ? partner.key
            : await server().newKey({ tenantId, scopes, environment, ...life })
          const headers = isPartner ? partner.behalf : {}
          const expect = (what: string, answer: Answer, field: string | undefined) => {
            const got = answer.status === 200 ? undefined : `${answer.status} ${named(answer).join()}`
            const wanted = field === undefined ? undefined : `400 ${field}`
            if (got !== wanted) wrong.push(`${environment} ${kind} ${end}: ${what} is ${got}`)
          }
          for (const asked of ASKED) {
            const answer = await make(key, { scopes: asked }, headers)
            expect(asked.join(), answer, asked.includes('partner') ? 'scopes' : undefined)
            if (answer.status !== 200) continue
            assert.deepEqual(answer.json.scopes, asked)
            assert.equal(answer.json.environment, environment)
            assert.equal(answer.json.key.startsWith('TEST_'), environment === 'sandbox')
            assert.equal((await ask(answer.json.key, 'GET', PATH)).status, asked[0] === 'admin' ? 200 : 403)
          }
          for (const asked of ENVIRONMENTS)
            expect(
              asked,
              await make(key, { environment: asked }, headers),
              asked === environment ? undefined : 'environment',
            )
          for (const [asked, hours] of LIVES) {
            const expires_at = asked()
            const answer = await make(key, { expires_at }, headers)
            const until = hours(end)
            expect(`${expires_at}`, answer, until === 'no' ? 'expires_at' : undefined)
            if (answer.status === 200)
              assert.equal(answer.json.expires_at, typeof until === 'number' ? inHours(until) : null)
          }
          const [event] = (await recordOf(tenantId)).slice(-1)
          assert.deepEqual([event?.actor, event?.environment], [`key:${idOf(key)}`, environment])
        }
    assert.deepEqual(wrong, [])
  })

  test('a key sees and revokes those of its own environment and account, and a key of another is an absent one', async () => {
    const mine = await newPair()
    const foreign = await newPair()
    const made = {
      production: (await make(mine.production)).json.key_id as string,
      sandbox: (await make(mine.sandbox)).json.key_id as string,
    }
    assert.deepEqual(await idsOf(mine.production), [idOf(mine.production), made.production].sort())
    assert.deepEqual(await idsOf(mine.sandbox), [idOf(mine.sandbox), made.sandbox].sort())
    const before = await recordOf(mine.tenantId)
    for (const [key, ids] of [
      [mine.production, [made.sandbox, idOf(mine.sandbox)]],
      [mine.sandbox, [made.production, idOf(mine.production)]],
      [foreign.production, [made.production, made.sandbox]],
      [foreign.sandbox, [made.production, made.sandbox]],
    ] as const)
      for (const id of ids) {
        const there = await ask(key, 'DELETE', `${PATH}/${id}`)
        const absent = await ask(key, 'DELETE', `${PATH}/000000000000`)
        assert.equal(there.status, 404)
        const masked = ({ text, json }: Answer) => text.replace(json.request_id, '')
        assert.equal(masked(there), masked(absent))
      }
    assert.deepEqual(await recordOf(mine.tenantId), before)
    assert.equal((await ask(mine.sandbox, 'DELETE', `${PATH}/${made.sandbox}`)).status, 204)
  })

  test('a partner’s key lists, makes and revokes the keys of its account in its environment, and is none of them itself', async () => {
    const partner = await newPartner('production')
    const { key, account, behalf } = partner
    const sandbox = await server().newKey({
      ...{ tenantId: partner.tenantId, scopes: ['partner'], environment: 'sandbox' },
    })
    assert.deepEqual(await idsOf(key, behalf), [])
    const merchant = (await make(key, { scopes: ['admin'] }, behalf)).json
    const trial = (await make(sandbox, { scopes: ['admin'] }, behalf)).json
    assert.deepEqual(await idsOf(key, behalf), [merchant.key_id])
    assert.deepEqual(await idsOf(sandbox, behalf), [trial.key_id])
    assert.deepEqual(await idsOf(merchant.key), [merchant.key_id])
    for (const [one, id] of [
      [key, trial.key_id],
      [sandbox, merchant.key_id],
      [merchant.key, idOf(key)],
      [key, idOf(key)],
    ])
      assert.equal(
        (await ask(one, 'DELETE', `${PATH}/${id}`, { headers: behalf })).status,
        one === merchant.key ? 403 : 404,
      )
    assert.equal((await ask(merchant.key, 'DELETE', `${PATH}/${idOf(key)}`)).status, 404)
    assert.equal((await ask(key, 'DELETE', `${PATH}/${merchant.key_id}`, { headers: behalf })).status, 204)
    assert.deepEqual([await statusOf(merchant.key), await statusOf(trial.key)], [401, 200])
    const stranger = await newPartner('production')
    const refused = await ask(stranger.key, 'GET', PATH, { headers: { 'On-Behalf-Of': account } })
    assert.equal(refused.status, 403)
  })

  test('a key that a partner makes for its account ends with the partner’s own at the latest', async () => {
    for (const [end, asked, expected] of [
      [null, undefined, null],
      [null, 1, 1],
      [2, undefined, 2],
      [2, 1, 1],
      [2, 3, 'no'],
      [2, -1, 'no'],
      [null, -1, 'no'],
    ] as const) {
      const { key, account, behalf } = await newPartner(
        'sandbox',
        end === null ? {} : { expiresAt: inHours(end) },
      )
      const body = { description: 'shop', ...(asked === undefined ? {} : { expires_at: inHours(asked) }) }
      const answer = await ask(key, 'POST', `${ACCOUNTS}/${account}/api_keys`, { body })
      if (expected === 'no') assert.deepEqual([answer.status, named(answer)], [400, ['expires_at']])
      else {
        const [listed] = await listOf(key, behalf)
        assert.equal(listed.key_id, answer.json.api_key_id)
        assert.equal(listed.expires_at, expected === null ? null : inHours(expected))
      }
      assert.equal((await listOf(key, behalf)).length, expected === 'no' ? 0 : 1)
    }
  })

  test('no operation makes a key whose end has come, the last one neither', async () => {
    const actor = { ...operator('cli'), tenantId: server().tenantId }
    const wanted = { environment: 'production', scopes: ['read'], expiresAt: now.toISOString() } as const
    const made = createKey(server().ctx, actor, wanted)
    await assert.rejects(made, ({ problems }: any) => problems[0].fieldName === 'expires_at')
  })

  test('a plain day is meant whole, in UTC', async () => {
    now = new Date('2026-05-11T20:00:00.000Z')
    assert.deepEqual(named(await make(server().key, { expires_at: '2026-05-10' })), ['expires_at'])
    const { json } = await make(server().key, { expires_at: '2026-05-11' })
    assert.equal(json.expires_at, '2026-05-12T00:00:00.000Z')
    now = new Date('2026-05-11T23:59:59.999Z')
    assert.equal(await statusOf(json.key), 200)
    now = new Date('2026-05-12T00:00:00.000Z')
    assert.equal(await statusOf(json.key), 401)
  })
})
