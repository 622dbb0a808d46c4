import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ltlCarriers, parcelCarriers } from '../../../src/catalog/index.ts'
import { operatorSettings } from '../../../src/config/operator.ts'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { openSimulatedCarriers } from '../../support/carriers/simulated-carriers.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'

const PATH = '/v1/connections/carriers'
const simulated = openSimulatedCarriers()
const BY_SETTING = 'Stamps.com is not asked: HAWSER_STAMPS_COM_INTEGRATION_ID is not set on this server.'
const BY_FIELD = 'DHL Express is not asked without site_id, password.'
const NO_WAY = 'There is no way to ask this carrier about these credentials.'

test('what a verification needs of the operator is a setting of that name', () => {
  const named = [...parcelCarriers, ...ltlCarriers].flatMap(({ verify }) => verify?.operator ?? [])
  for (const name of named) assert.ok(`HAWSER_${name.toUpperCase()}` in operatorSettings, name)
  assert.ok(named.length > 0)
})

const stamps = () => ({ nickname: 'S', username: unique('u'), password: 'p' })
const express = () => ({ ...connectBodies.dhl_express, account_number: unique() })
let merchants = 0
const newgistics = () => ({
  nickname: 'N',
  merchant_id: (merchants += 1),
  mailer_id: 7,
  induction_site: 'here',
})

onEveryDatabase(
  'where nobody is asked',
  (server) => {
    const cases: [string, () => Record<string, unknown>, string, string[]][] = [
      ['stamps_com', stamps, BY_SETTING, ['unverified_unasked']],
      ['dhl_express', express, BY_FIELD, ['unverified_unasked']],
      ['newgistics', newgistics, NO_WAY, []],
    ]
    for (const [carrier, bodyOf, why, notices] of cases)
      test(`${carrier}: every answer says why, and what is stored unverified is told`, async () => {
        const only = await server().request('POST', `${PATH}/${carrier}?verify=only`, { body: bodyOf() })
        assert.deepEqual([only.json.verification.outcome, only.json.verification.diagnosis], ['unasked', why])
        assert.equal(only.headers['hawser-notice'], undefined)
        for (const query of ['', '?verify=required']) {
          const body = bodyOf()
          const { status, headers, json } = await server().request('POST', `${PATH}/${carrier}${query}`, {
            body,
          })
          assert.deepEqual([status, headers['hawser-notice'] ?? []], [200, notices])
          const path = `${PATH}/${carrier}/${json.carrier_id}`
          const one = (await server().request('GET', path)).json
          assert.deepEqual([one.state, one.diagnosis], ['unverified', why])
          assert.match(one.next_step, /Use the connection/)
          const all = (await server().request('GET', '/v1/connections?page_size=500')).json.connections
          assert.equal(all.find((other: any) => other.carrier_id === json.carrier_id).diagnosis, why)
          const check = (await server().request('POST', `${path}/verify`)).json
          assert.deepEqual([check.verification.diagnosis, check.diagnosis], [why, why])
          const put = await server().request('PUT', path, { body })
          assert.deepEqual([put.status, put.headers['hawser-notice'] ?? []], [200, notices])
        }
      })

    test('in the sandbox the operator needs nothing', async () => {
      const key = await server().newKey({ environment: 'sandbox' })
      const { headers } = await server().request('POST', `${PATH}/stamps_com`, { key, body: stamps() })
      assert.equal(headers['hawser-notice'], undefined)
    })

    test('what waits for its check says so', async () => {
      const body = { nickname: 'R', enseigne: unique('BD'), api_key: unique('private-key') }
      simulated.know('mondial_relay', body)
      const { json } = await server().request('POST', `${PATH}/mondial_relay`, { body })
      await server().ctx.store.transaction(server().tenantId, (tx) =>
        tx
          .updateTable('connection')
          .set({ state: 'unverified', checked_at: null })
          .where('carrier_id', '=', json.carrier_id)
          .execute(),
      )
      const shown = (await server().request('GET', `${PATH}/mondial_relay/${json.carrier_id}`)).json
      assert.equal(shown.diagnosis, 'The carrier has not been asked yet.')
    })
  },
  { outbound: simulated.outbound },
)

onEveryDatabase(
  'where the server asks nobody',
  (server) => {
    test('no notice comes of each connect, and the connection says why', async () => {
      const body = { nickname: 'R', enseigne: unique('BD'), api_key: unique('private-key') }
      const { headers, json } = await server().request('POST', `${PATH}/mondial_relay`, { body })
      assert.equal(headers['hawser-notice'], undefined)
      const shown = (await server().request('GET', `${PATH}/mondial_relay/${json.carrier_id}`)).json
      assert.equal(shown.diagnosis, 'This server does not ask carriers by itself.')
    })
  },
  { env: { HAWSER_VERIFICATION: 'off' } },
)
