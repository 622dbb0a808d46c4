import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sealPrevious } from '../../../src/custody/sealed-values.ts'
import { Secret } from '../../../src/secret.ts'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { openSimulatedCarriers, operatorEnv } from '../../support/carriers/simulated-carriers.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { TestServer } from '../../support/server/test-server.ts'
import { storedConnection } from '../../support/connections/stored-connection.ts'

const PATH = '/v1/connections/carriers/ups'
const simulated = openSimulatedCarriers()

async function connect(server: TestServer, body: Record<string, unknown>) {
  simulated.know('ups', body)
  const { status, json } = await server.request('POST', PATH, { body: { ...connectBodies.ups, ...body } })
  assert.equal(status, 200)
  return { id: json.carrier_id as string, path: `${PATH}/${json.carrier_id}` }
}

/** Returns the account and the place with which UPS was asked last. */
function lastAsked() {
  const body = simulated.asked.at(-1)?.call.body ?? ''
  const [shipper, place] = [/"ShipperNumber":"([^"]*)"/, /"PostalCode":"([^"]*)"/].map(
    (part) => part.exec(body)?.[1],
  )
  return { shipper, place }
}

const account = (place: string, more = {}) => ({
  nickname: 'N',
  account_number: unique('UP'),
  account_postal_code: place,
  account_country_code: 'US',
  ...more,
})

onEveryDatabase(
  'settings that the carrier is asked with',
  (server) => {
    test('a rollback brings them back with their account, verifies the pair, and leaves the others', async () => {
      const [first, second] = [account('11111'), account('22222', { pickup_type: 'daily_pickup' })]
      const { id, path } = await connect(server(), first)
      simulated.know('ups', second)
      assert.equal((await server().request('PUT', path, { body: second })).status, 200)
      const setting = { pickup_type: 'customer_counter', account_postal_code: '33333' }
      await server().request('PUT', `${path}/settings`, { body: setting })
      simulated.know('ups', first)
      const only = await server().request('POST', `${path}/rollback?verify=only`)
      assert.equal(only.json.verification.outcome, 'verified')
      assert.equal((await server().request('POST', `${path}/rollback`)).status, 200)
      assert.deepEqual(lastAsked(), { shipper: first.account_number, place: '11111' })
      const { row, credentials, settings } = await storedConnection(server(), id)
      assert.deepEqual([row.state, credentials.account_number], ['verified', first.account_number])
      assert.deepEqual(settings, { account_postal_code: '11111', pickup_type: 'customer_counter' })
      assert.ok(!('account_postal_code' in credentials))
      simulated.know('ups', { ...second, account_postal_code: '33333' })
      assert.equal((await server().request('POST', `${path}/rollback`)).status, 200)
      assert.deepEqual(lastAsked(), { shipper: second.account_number, place: '33333' })
    })

    test('what an earlier version kept alone comes back beside the settings in force', async () => {
      const [first, second] = [account('11111'), account('22222')]
      const { id, path } = await connect(server(), first)
      const before = await storedConnection(server(), id)
      simulated.know('ups', second)
      await server().request('PUT', path, { body: second })
      const alone = sealPrevious(server().ctx, before.row, 1, new Secret(before.credentials))
      await server().ctx.store.transaction(server().tenantId, (tx) =>
        tx
          .updateTable('previous_credentials')
          .set({ credentials: alone })
          .where('carrier_id', '=', id)
          .execute(),
      )
      simulated.know('ups', { ...first, account_postal_code: '22222' })
      assert.equal((await server().request('POST', `${path}/rollback`)).status, 200)
      assert.deepEqual(lastAsked(), { shipper: first.account_number, place: '22222' })
    })

    const plannedAt = async (id: string) => {
      const rows = await server().ctx.store.read(server().tenantId, (db) =>
        db.selectFrom('scheduled_check').select('due_at').where('carrier_id', '=', id).execute(),
      )
      return Date.parse(rows[0]?.due_at ?? '')
    }

    test('a change of one leaves nothing verified: unverified, and checked at once; of another it changes nothing', async () => {
      const body = account('11111')
      const { id, path } = await connect(server(), body)
      const asked = simulated.asked.length
      const settings = (sent: Record<string, unknown>) =>
        server().request('PUT', `${path}/settings`, { body: sent })
      assert.equal(
        (await settings({ pickup_type: 'daily_pickup', account_postal_code: '11111' })).status,
        204,
      )
      const same = await storedConnection(server(), id)
      assert.equal(same.row.state, 'verified')
      assert.ok((await plannedAt(id)) > Date.now() + 60_000)
      assert.equal((await settings({ account_postal_code: '99999' })).status, 204)
      const { row } = await storedConnection(server(), id)
      assert.deepEqual([row.state, row.checked_at, row.diagnosis], ['unverified', null, null])
      assert.ok((await plannedAt(id)) <= Date.now())
      assert.equal(simulated.asked.length, asked)
      const { json } = await server().request('POST', `${path}/verify`)
      assert.notEqual(json.verification.outcome, 'verified')
      assert.equal(lastAsked().place, '99999')
    })

    test('what the carrier said with other settings than those in force is not kept', async () => {
      const body = account('11111')
      const { id, path } = await connect(server(), body)
      simulated.meanwhile = async () => {
        simulated.meanwhile = undefined
        await server().request('PUT', `${path}/settings`, { body: { account_postal_code: '99999' } })
      }
      const { json } = await server().request('POST', `${path}/verify`)
      assert.deepEqual([json.verification.outcome, json.state], ['verified', 'unverified'])
      assert.equal((await storedConnection(server(), id)).row.state, 'unverified')
      assert.ok((await plannedAt(id)) <= Date.now())
    })

    test('a lease carries all that connect asks for, and no setting besides', async () => {
      const body = account('11111')
      const { path } = await connect(server(), body)
      await server().request('PUT', `${path}/settings`, { body: { pickup_type: 'daily_pickup' } })
      const { json } = await server().request('POST', `${path}/lease`)
      const { nickname: _nickname, ...credentials } = body
      assert.deepEqual(json.credentials, credentials)
    })
  },
  { env: operatorEnv, outbound: simulated.outbound },
)
