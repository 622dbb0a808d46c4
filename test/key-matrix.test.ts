import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Environment } from '../src/store/schema/tables.ts'
import { createKey } from '../src/tenants/keys/api-keys.ts'
import { operator } from '../src/tenants/operator.ts'
import { setAccountActive } from '../src/tenants/partner-accounts.ts'
import { unique } from './support/unique.ts'
import { onEveryDatabase } from './support/server/every-database.ts'
import type { Answer } from './support/server/test-server.ts'

type Route = { method: string; path: string }
type Objects = Record<'parcel' | 'ltl' | 'webhook' | 'label' | 'manifest' | 'gone' | 'key' | 'secret', string>
type Key = { name: string; text: string; headers: Record<string, string> }

const ENVIRONMENTS: Environment[] = ['production', 'sandbox']
const OTHER = { production: 'sandbox', sandbox: 'production' } as const
const KINDS = ['admin', 'read', 'write', 'use', 'partner', 'partner on behalf'] as const
const ACCOUNTS = '/v1/partners/accounts'

/** Makes a body that would change something if the key were let in. */
function bodyOf({ method, path }: Route, other: Objects): object | undefined {
  if (!['POST', 'PUT'].includes(method)) return undefined
  const stamps = { nickname: 'crossed', username: unique('crossed'), password: 'crossed' }
  const labels = [{ carrier_id: other.parcel, tracking_number: 'crossed', ship_date: '2026-03-01' }]
  const bodies: [RegExp, object][] = [
    [/accounts\/\{account_id\}\/api_keys$/, { description: 'crossed' }],
    [/accounts(\/\{account_id\})?$/, { company_name: 'crossed', origin_country_code: 'DE' }],
    [/^\/v\d\/keys$/, { scopes: ['read'], description: 'crossed' }],
    [/delete_policy$/, { restore_days: 1 }],
    [/policy$/, { open_shipments: 'refuse' }],
    [/labels\/import$/, { labels }],
    [/manifests\/import$/, { carrier_id: other.parcel, tracking_numbers: ['open'] }],
    [/replay$/, { since: '2020-01-01T00:00:00Z' }],
    [/webhooks$/, { event: 'carrier_connected', url: `https://${unique('crossed')}.example/` }],
    [/webhooks\/\{webhook_id\}$/, { url: 'https://crossed.example/' }],
    [/^\/v1\/connections\/carriers\/\{carrier_name\}(\/\{carrier_id\})?$/, stamps],
    [/^\/v-beta/, { credentials: { key: 'crossed', account_number: unique('crossed') } }],
  ]
  return bodies.find(([pattern]) => pattern.test(path))?.[1] ?? {}
}

onEveryDatabase(
  'key matrix',
  (server) => {
    let routes: Route[] = []
    let partner = ''
    let account = ''
    const objects = {} as Record<Environment, Objects>
    const keys = {} as Record<Environment, Map<(typeof KINDS)[number], Key>>

    before(async () => {
      const { paths } = (await server().request('GET', '/openapi.json', { key: '' })).json
      routes = Object.entries(paths as Record<string, Record<string, { security: unknown[] }>>).flatMap(
        ([path, methods]) =>
          Object.entries(methods)
            .filter(([, { security }]) => security.length > 0)
            .map(([method]) => ({ method: method.toUpperCase(), path })),
      )
      partner = await server().newTenant('a partner')
      const partners = {
        production: await server().newKey({ tenantId: partner, scopes: ['partner'] }),
        sandbox: await server().newKey({ tenantId: partner, scopes: ['partner'], environment: 'sandbox' }),
      }
      const body = { company_name: 'The merchant', origin_country_code: 'US' }
      account = (await server().request('POST', ACCOUNTS, { key: partners.production, body })).json.account_id
      for (const environment of ENVIRONMENTS) {
        objects[environment] = await populate(environment)
        keys[environment] = new Map()
        for (const kind of KINDS) {
          const isPartner = kind === 'partner' || kind === 'partner on behalf'
          const text = isPartner
            ? partners[environment]
            : await server().newKey({ tenantId: account, scopes: [kind], environment })
          const headers: Record<string, string> =
            kind === 'partner on behalf' ? { 'On-Behalf-Of': account } : {}
          keys[environment].set(kind, { name: `${environment} ${kind}`, text, headers })
        }
      }
    })

    /** Makes one object of every kind in one environment of the account; each answer that shows one of them has `mark` in it. */
    async function populate(environment: Environment): Promise<Objects> {
      const mark = `mark-of-${environment}`
      const { ctx } = server()
      const actor = { ...operator('cli', { environment }), tenantId: account }
      const wanted = { environment, scopes: ['admin'], description: `${mark} key` } as const
      const { keyId, text } = await createKey(ctx, actor, wanted)
      const key = text.reveal()
      const post = async (path: string, body: object) =>
        (await server().request('POST', path, { key, body })).json
      const stamps = () => ({ nickname: mark, username: unique(`${mark}-user`), password: `${mark}-pass` })
      const parcel = await post('/v1/connections/carriers/stamps_com', stamps())
      const gone = await post('/v1/connections/carriers/stamps_com', stamps())
      await server().request('DELETE', `/v1/carriers/${gone.carrier_id}`, { key })
      const credentials = { key: `${mark}-ltl`, account_number: unique(mark) }
      const ltl = await post('/v-beta/ltl/connections/FXFE', { credentials })
      const url = `https://${mark}.example/`
      const webhook = await post('/v1/environment/webhooks', { event: 'connection.updated', url, name: mark })
      const { carrier_id } = parcel
      const label = (tracking_number: string) => ({
        ...{ carrier_id, tracking_number, ship_date: '2026-03-01', external_shipment_id: mark },
      })
      const labels = [label('open'), label('settled')]
      const recorded = await post('/v1/labels/import', { labels })
      const manifest = await post('/v1/manifests/import', { carrier_id, tracking_numbers: ['settled'] })
      await server().request('PUT', '/v1/connections/delete_policy', { key, body: { restore_days: 9 } })
      return {
        ...{ parcel: carrier_id, ltl: ltl.carrier_id, webhook: webhook.webhook_id, gone: gone.carrier_id },
        ...{ label: recorded.results[0].label_id, manifest: manifest.manifest_id, key: keyId, secret: mark },
      }
    }

    const fill = ({ path }: Route, ids: Objects) =>
      path
        .replace('{carrier_name}', 'stamps_com')
        .replace('{carrier_code}', 'FXFE')
        .replace(
          '{carrier_id}',
          path.startsWith('/v-beta') ? ids.ltl : /restore$|tombstones/.test(path) ? ids.gone : ids.parcel,
        )
        .replace(/\{carrier\}(?=\/(credential_requirements|features))/, 'FXFE')
        .replace('{carrier}', ids.ltl)
        .replace('{account_id}', account)
        .replace('{external_account_id}', 'none')
        .replace(/\{(api_)?key_id\}/, ids.key)
        .replace('{webhook_id}', ids.webhook)
        .replace('{label_id}', ids.label)
        .replace('{manifest_id}', ids.manifest)

    const ask = (route: Route, { text, headers }: Key, ids: Objects): Promise<Answer> => {
      const body = bodyOf(route, ids)
      return server().request(route.method, fill(route, ids), {
        key: text,
        headers,
        ...(body ? { body } : {}),
      })
    }

    /** Reads everything that the account has in one environment, and in production also what belongs to the account as a whole. */
    async function stateOf(environment: Environment): Promise<string> {
      return server().ctx.store.read(account, async (db) => {
        const tables = (await db.introspection.getTables()).filter(({ columns }) =>
          ['tenant_id', 'environment'].every((name) => columns.some((column) => column.name === name)),
        )
        assert.ok(tables.length > 10)
        const rows: string[] = []
        for (const { name } of tables) {
          const all = (await db
            .selectFrom(name as 'connection')
            .selectAll()
            .where('tenant_id', '=', account)
            .execute()) as unknown as Record<string, unknown>[]
          rows.push(
            ...all
              .filter(
                (row) =>
                  row.environment === environment && (environment === 'production' || name !== 'tenant'),
              )
              .map(({ last_used_at: _, ...row }) => JSON.stringify({ name, ...row })),
          )
        }
        return rows.sort().join('\n')
      })
    }

    test('no key of one environment reaches anything of the other, over every route', async () => {
      const crossed: string[] = []
      for (const environment of ENVIRONMENTS) {
        const other = OTHER[environment]
        const before = await stateOf(other)
        assert.ok(before.includes(`mark-of-${other}`), 'the control: there is something to reach')
        for (const key of keys[environment].values()) {
          const done: string[] = []
          for (const route of routes) {
            const what = `${key.name}: ${route.method} ${route.path}`
            const answer = await ask(route, key, objects[other])
            const shown = `${answer.text}${JSON.stringify(answer.headers)}`
            if (shown.includes(objects[other].secret)) crossed.push(`${what} shows`)
            if (answer.status < 300 && /\{(webhook|label|manifest|api_key|key)_id\}/.test(route.path))
              crossed.push(`${what} answers ${answer.status}`)
            if (route.method !== 'GET' && answer.status < 300) done.push(what)
            // A production key may disable the whole account, so it is enabled again before the other keys are tried.
            if (environment === 'production' && route.path.endsWith('/disable')) {
              const actor = { ...operator('cli'), tenantId: partner }
              await setAccountActive(server().ctx, actor, { accountId: account, active: true })
            }
          }
          if ((await stateOf(other)) !== before) crossed.push(`one of these changes: ${done.join('\n')}`)
        }
      }
      assert.deepEqual(crossed, [])
    })

    test('the control: in its own environment an admin’s key changes and sees what is there', async () => {
      for (const environment of ENVIRONMENTS) {
        const key = keys[environment].get('admin') ?? assert.fail()
        const before = await stateOf(environment)
        const route = { method: 'PUT', path: '/v1/connections/carriers/{carrier_name}/{carrier_id}' }
        assert.equal((await ask(route, key, objects[environment])).status, 200)
        assert.notEqual(await stateOf(environment), before)
        const list = await ask({ method: 'GET', path: '/v1/environment/webhooks' }, key, objects[environment])
        assert.ok(list.text.includes(objects[environment].secret))
      }
    })

    test('a kind of key may do the same in both environments, and each scope what those below it may', async () => {
      const allowed = new Map<string, Set<string>>()
      for (const environment of ENVIRONMENTS)
        for (const [kind, key] of keys[environment]) {
          const may = new Set<string>()
          for (const route of routes) {
            // The requests name objects that do not exist, so that they change nothing.
            const ids = { ...objects[environment], parcel: 'se-0', ltl: 'absent', webhook: 'x', label: 'x' }
            const path = fill(route, { ...ids, manifest: 'x', key: 'x', gone: 'se-0' })
            const { status } = await server().request(route.method, path.replace(account, 'se-absent'), {
              key: key.text,
              headers: key.headers,
            })
            assert.ok(
              status !== 401 && status < 500,
              `${key.name}: ${route.method} ${route.path} is ${status}`,
            )
            if (status !== 403) may.add(`${route.method} ${route.path}`)
          }
          const known = allowed.get(kind)
          if (known) assert.deepEqual([...may], [...known], kind)
          allowed.set(kind, may)
        }
      const of = (kind: (typeof KINDS)[number]) => allowed.get(kind) ?? new Set<string>()
      assert.ok(of('read').isSubsetOf(of('write')) && of('write').isSubsetOf(of('admin')))
      assert.ok(of('use').isSubsetOf(of('admin')) && of('use').size > 0)
      assert.deepEqual([...of('partner on behalf')], [...of('admin')])
      const shared = of('partner').intersection(of('admin'))
      assert.deepEqual([...shared], ['GET /v1/connections', 'GET /v2/connections'])
      assert.equal(of('partner').union(of('admin')).size, routes.length, 'every route is somebody’s')
    })
  },
  { repeatTransactions: false },
)
