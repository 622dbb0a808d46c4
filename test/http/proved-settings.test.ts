import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sealPrevious } from '../../src/custody/sealed-values.ts'
import { Secret } from '../../src/secret.ts'
import { connectBodies, unique } from '../support/bodies.ts'
import { openWorld, operatorEnv } from '../support/carriers.ts'
import { onEveryDatabase, type House } from '../support/harness.ts'
import { stored } from '../support/stored.ts'

const PATH = '/v1/connections/carriers/ups'
const world = openWorld()

async function connect(house: House, body: Record<string, unknown>) {
  world.know('ups', body)
  const { status, json } = await house.request('POST', PATH, { body: { ...connectBodies.ups, ...body } })
  assert.equal(status, 200)
  return { id: json.carrier_id as string, path: `${PATH}/${json.carrier_id}` }
}

/** With what account and place UPS was asked last. */
function lastAsked() {
  const body = world.asked.at(-1)?.call.body ?? ''
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
  (house) => {
    test('a rollback brings them back with their account, proves the pair, and leaves the others', async () => {
      const [first, second] = [account('11111'), account('22222', { pickup_type: 'daily_pickup' })]
      const { id, path } = await connect(house(), first)
      world.know('ups', second)
      assert.equal((await house().request('PUT', path, { body: second })).status, 200)
      const setting = { pickup_type: 'customer_counter', account_postal_code: '33333' }
      await house().request('PUT', `${path}/settings`, { body: setting })
      world.know('ups', first)
      const only = await house().request('POST', `${path}/rollback?verify=only`)
      assert.equal(only.json.verification.outcome, 'verified')
      assert.equal((await house().request('POST', `${path}/rollback`)).status, 200)
      assert.deepEqual(lastAsked(), { shipper: first.account_number, place: '11111' })
      const { row, credentials, settings } = await stored(house(), id)
      assert.deepEqual([row.state, credentials.account_number], ['verified', first.account_number])
      assert.deepEqual(settings, { account_postal_code: '11111', pickup_type: 'customer_counter' })
      assert.ok(!('account_postal_code' in credentials))
      world.know('ups', { ...second, account_postal_code: '33333' })
      assert.equal((await house().request('POST', `${path}/rollback`)).status, 200)
      assert.deepEqual(lastAsked(), { shipper: second.account_number, place: '33333' })
    })

    test('what an earlier version kept alone comes back beside the settings in force', async () => {
      const [first, second] = [account('11111'), account('22222')]
      const { id, path } = await connect(house(), first)
      const before = await stored(house(), id)
      world.know('ups', second)
      await house().request('PUT', path, { body: second })
      const alone = sealPrevious(house().ctx, before.row, 1, new Secret(before.credentials))
      await house().ctx.store.transaction(house().tenantId, (tx) =>
        tx
          .updateTable('previous_credentials')
          .set({ credentials: alone })
          .where('carrier_id', '=', id)
          .execute(),
      )
      world.know('ups', { ...first, account_postal_code: '22222' })
      assert.equal((await house().request('POST', `${path}/rollback`)).status, 200)
      assert.deepEqual(lastAsked(), { shipper: first.account_number, place: '22222' })
    })
  },
  { env: operatorEnv, outbound: world.outbound },
)
