import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { findCarrier } from '../../../src/catalog/find-carrier.ts'
import { STATES } from '../../../src/connections/carrier/verification-result.ts'
import type { ConnectionState, Environment } from '../../../src/store/schema/tables.ts'
import { bodyFor } from '../../support/carriers/generate-body.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { TestServer } from '../../support/server/test-server.ts'
import { openLabels } from '../../support/shipments/import-labels.ts'
import { createWebhook } from '../../support/webhooks/create-webhook.ts'

/** These carriers stand for every need of manifests; with `EXPECTED` they say what a delete does while a shipment is open. */
const CARRIERS = {
  couriers_please: 'required',
  sendle: 'optional',
  seko: 'external',
  ups: 'none',
  apc: 'unknown',
} as const
const POLICIES = ['usual', 'account refuses', 'connection refuses', 'connection warns'] as const
type Policy = (typeof POLICIES)[number]
type Told = 'allowed' | 'warned' | 'refused'

const EXPECTED: Record<(typeof CARRIERS)[keyof typeof CARRIERS], Record<Policy, Told>> = {
  required: all('refused'),
  optional: { ...all('allowed'), 'connection refuses': 'refused', 'connection warns': 'warned' },
  external: { ...all('warned'), 'connection refuses': 'refused' },
  none: { ...all('allowed'), 'connection refuses': 'refused', 'connection warns': 'warned' },
  unknown: {
    usual: 'warned',
    'account refuses': 'refused',
    'connection refuses': 'refused',
    'connection warns': 'warned',
  },
}

function all(told: Told): Record<Policy, Told> {
  return {
    usual: told,
    'account refuses': told,
    'connection refuses': told,
    'connection warns': told,
  }
}

type Case = {
  carrier: keyof typeof CARRIERS
  policy: Policy
  state: ConnectionState | 'pending_approval'
  open: number
  force: boolean
}

const cases: Case[] = (Object.keys(CARRIERS) as (keyof typeof CARRIERS)[]).flatMap((carrier) =>
  POLICIES.flatMap((policy) =>
    [...STATES, 'pending_approval' as const].flatMap((state) =>
      [0, 1].flatMap((open) => [false, true].map((force) => ({ carrier, policy, state, open, force }))),
    ),
  ),
)

for (const environment of ['production', 'sandbox'] as const)
  onEveryDatabase(
    `deletes in ${environment}`,
    (server) => {
      let scene: Awaited<ReturnType<typeof openScene>>
      before(async () => {
        scene = await openScene(server(), environment)
      })

      for (const carrier of Object.keys(CARRIERS) as (keyof typeof CARRIERS)[])
        test(`of ${carrier}: every state, policy, open label and force comes out as the table says`, async () => {
          for (const one of cases.filter((some) => some.carrier === carrier)) await decide(scene, one)
        })
    },
    { repeatTransactions: false, env: { HAWSER_VERIFICATION: 'off' } },
  )

/** Makes a tenant with a primary connection of every carrier, so that no other connection is primary, and a webhook that gets messages about deletes. */
async function openScene(server: TestServer, environment: Environment) {
  const tenantId = await server.newTenant()
  const key = await server.newKey({ tenantId, environment })
  const connect = async (carrier: string): Promise<string> => {
    const body = bodyFor(findCarrier(carrier)?.connect ?? {})
    const { status, json, text } = await server.request('POST', `/v1/connections/carriers/${carrier}`, {
      key,
      body,
    })
    assert.equal(status, 200, text)
    return json.carrier_id
  }
  for (const carrier of Object.keys(CARRIERS)) await connect(carrier)
  if (environment === 'production')
    await createWebhook(server, { url: 'https://hooks.example/', event: 'connection.disconnected' }, key)
  const ask = (method: string, path: string, asked: { body?: object } = {}) =>
    server.request(method, path, { key, ...asked })
  const messagesOf = async (id: string) => {
    const rows = await server.ctx.store.read(tenantId, (db) =>
      db.selectFrom('outbox_message').select('payload').where('tenant_id', '=', tenantId).execute(),
    )
    return rows.filter(({ payload }) => payload.includes(id)).length
  }
  return { server, tenantId, environment, key, connect, ask, messagesOf }
}

async function decide(
  { server, tenantId, key, environment, connect, ask, messagesOf }: Awaited<ReturnType<typeof openScene>>,
  one: Case,
) {
  const { carrier, policy, state, open, force } = one
  const told = JSON.stringify({ environment, ...one })
  const id = await connect(carrier)
  const path = `/v1/connections/carriers/${carrier}/${id}`
  const decides = { open_shipments: policy === 'account refuses' ? 'refuse' : 'warn' }
  await ask('PUT', '/v1/connections/delete_policy', { body: decides })
  const isOwn = policy.startsWith('connection')
  const own = isOwn
    ? await ask('PUT', `${path}/policy`, {
        body: {
          open_shipments: policy === 'connection warns' ? 'warn' : 'refuse',
        },
      })
    : undefined
  const isVain = CARRIERS[carrier] === 'required' && policy === 'connection warns'
  assert.equal(own?.status, isOwn ? (isVain ? 400 : 200) : undefined, told)
  await server.ctx.store.transaction(tenantId, (tx) =>
    tx
      .updateTable('connection')
      .set(state === 'pending_approval' ? { connection_status: state } : { state })
      .where('carrier_id', '=', id)
      .execute(),
  )
  if (open > 0) await openLabels(server, id, open, key)

  const expected = open > 0 ? EXPECTED[CARRIERS[carrier]][policy] : 'allowed'
  const { json: beforehand } = await ask('GET', `${path}/dependents`)
  assert.equal(beforehand.delete.outcome, expected, told)
  assert.equal(beforehand.open_labels.count, open, told)
  const trailBefore = await actions(server, id, key)
  const answer = await ask('DELETE', `${path}${force ? '?force=true' : ''}`)

  const isGone = expected !== 'refused' || force
  assert.equal(answer.status, isGone ? 204 : 409, told)
  const notice = isGone && expected !== 'allowed' ? 'open_shipments' : ''
  assert.equal(String(answer.headers['hawser-notice'] ?? ''), notice, told)
  if (!isGone) {
    const [error] = answer.json.errors
    assert.deepEqual([error.error_code, error.carrier_id], ['invalid_status', id], told)
    assert.match(error.message, /1 open shipment .*2026-03-01.*manifests\/import/, told)
  }
  assert.equal((await ask('GET', path)).status, isGone ? 404 : 200, told)
  const kept = await server.ctx.store.read(tenantId, (db) =>
    db.selectFrom('deleted_connection').select('carrier_id').where('carrier_id', '=', id).execute(),
  )
  assert.equal(kept.length, isGone ? 1 : 0, told)
  const expectedTrail = isGone ? [['connection.disconnected', force ? ['force'] : []]] : []
  assert.deepEqual((await actions(server, id, key)).slice(trailBefore.length), expectedTrail, told)
  const isHeard = isGone && environment === 'production'
  assert.equal(await messagesOf(id), isHeard ? 1 : 0, told)
}

type AuditEvent = { action: string; fields: string[] }

async function actions(server: TestServer, id: string, key: string): Promise<[string, string[]][]> {
  const { json } = await server.request('GET', `/v1/audit?carrier_id=${id}&page_size=500`, { key })
  return (json.events as AuditEvent[])
    .map(({ action, fields }) => [action, fields] as [string, string[]])
    .reverse()
}
