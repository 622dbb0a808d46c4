import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSimulatedCarriers, operatorEnv } from '../../support/carriers/simulated-carriers.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'

const simulated = openSimulatedCarriers()
const PARCEL = '/v1/connections/carriers'
const LTL = '/v-beta/ltl/connections'

const royalMail = (api_key: string) => ({
  ...{ nickname: 'n', account_number: 'an account', contact_name: 'c', city: 'c', postal_code: 'p' },
  api_key,
})
const relay = { nickname: 'n', api_key: 'a-key-\u200b-of-them', enseigne: 'BD' }
const post = { nickname: 'n', api_key: 'k', api_secret: 's', contract_id: '1' }

/** These bodies have a value that no call can carry; each stands with the field that has the value. */
const impossible: [path: string, body: Record<string, unknown>, field: string][] = [
  [`${PARCEL}/royal_mail`, royalMail('a-secret-key\u200b'), 'api_key'],
  [`${PARCEL}/royal_mail`, royalMail('\u201ca-secret-key\u201d'), 'api_key'],
  [
    `${PARCEL}/australia_post`,
    { ...post, contract_id: undefined, account_number: '1\u200b' },
    'account_number',
  ],
  [`${PARCEL}/australia_post`, { ...post, contract_id: undefined, account_number: '..' }, 'account_number'],
  [`${PARCEL}/canada_post`, { ...post, account_number: '.' }, 'account_number'],
  [`${LTL}/RLCA`, { credentials: { key: 'a-secret-key\u2028' } }, 'key'],
  [
    `${LTL}/EXLA`,
    { credentials: { username: 'u\u200b', password: 'p', api_key: 'a-secret-key\u00ad\u200b' } },
    'api_key',
  ],
]

onEveryDatabase(
  'values that cannot be sent',
  (server) => {
    test('they are refused with their name, without asking anybody, however often', async () => {
      const before = simulated.asked.length
      for (const environment of ['production', 'sandbox'] as const)
        for (const [path, body, field] of impossible) {
          const key = await server().newKey({ environment })
          for (let tried = 0; tried < 5; tried += 1) {
            const answer = await server().request('POST', path, { key, body })
            assert.equal(answer.status, 400, answer.text)
            const [{ error_code, message }] = answer.json.errors
            assert.equal(error_code, 'verification_failure')
            assert.match(message, new RegExp(`\\(${field}\\) has characters`))
            assert.ok(!message.includes('secret-key'))
          }
        }
      assert.equal(simulated.asked.length, before)
    })

    test('what can be sent is not looked at: a carrier that takes it in a body is asked', async () => {
      simulated.know('mondial_relay', relay)
      const before = simulated.asked.length
      await server().request('POST', `${PARCEL}/mondial_relay`, { body: relay })
      assert.equal(simulated.asked.length - before, 1)
    })

    test('a connection that holds one already has to be updated, and is not asked about for ever', async () => {
      const wish = { ...royalMail('a-good-key'), account_number: 'another' }
      simulated.know('royal_mail', wish)
      const { json } = await server().request('POST', `${PARCEL}/royal_mail`, { body: wish })
      const path = `${PARCEL}/royal_mail/${json.carrier_id}`
      const { config } = server().ctx
      server().ctx.config = { ...config, verification: 'off' }
      const put = await server().request('PUT', path, { body: { ...wish, api_key: 'a-good-key\u200b' } })
      server().ctx.config = config
      assert.equal(put.status, 200, put.text)
      const asked = simulated.asked.length
      const { state } = (await server().request('POST', `${path}/verify`)).json
      assert.equal(state, 'needs_reauth')
      assert.equal(simulated.asked.length, asked)
    })
  },
  { env: operatorEnv, outbound: simulated.outbound },
)
