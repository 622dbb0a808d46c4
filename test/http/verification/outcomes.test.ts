import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { OUTCOMES, type VerificationOutcome } from '../../../src/catalog/verification.ts'
import { refuses } from '../../../src/connections/carrier/verification-result.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'

/** These forms make an account at a parcel carrier and one at an LTL carrier; the sandbox answers what the password says. */
const FORMS = {
  parcel: (password: string) => ({ nickname: 'n', username: unique(), password }),
  ltl: (password: string) => ({ credentials: { username: unique(), password, account_number: unique() } }),
}
const PLACES = [
  ['/v1/connections/carriers/stamps_com', FORMS.parcel],
  ['/v2/connections/carriers/stamps_com', FORMS.parcel],
  ['/v-beta/ltl/connections/ABFS', FORMS.ltl],
  ['/v-beta/ltl/v1/connections/ABFS', FORMS.ltl],
] as const

onEveryDatabase('the outcome of a question to the carrier', (server) => {
  let key = ''
  before(async () => {
    key = await server().newKey({ environment: 'sandbox' })
  })
  const send = (method: string, path: string, asked: { body?: unknown } = {}) =>
    server().request(method, path, { key, ...asked })

  test('stands in the head of each refusal that comes of it: connect, update, rollback, dry runs', async () => {
    for (const [place, form] of PLACES) {
      const told = (outcome: VerificationOutcome) => form(`simulate-${outcome.replaceAll('_', '-')}`)
      const { json } = await send('POST', place, { body: told('unavailable') })
      const path = `${place}/${json.carrier_id}`
      for (const outcome of OUTCOMES) {
        const expected = refuses(outcome) ? 400 : outcome === 'verified' ? 200 : 502
        for (const answer of [
          await send('POST', `${place}?verify=required`, { body: told(outcome) }),
          await send('PUT', `${path}?verify=required`, { body: told(outcome) }),
          ...(expected === 400
            ? [
                await send('PUT', `${path}?verify=only`, { body: told(outcome) }),
                await send('PUT', path, { body: told(outcome) }),
              ]
            : []),
        ]) {
          const { status, headers } = answer
          const what = `${place} ${outcome} ${answer.text}`
          assert.deepEqual(
            [status, headers['hawser-outcome']],
            [expected, status === 200 ? undefined : outcome],
            what,
          )
        }
      }
      const back = await send('POST', `${path}/rollback?verify=required`)
      assert.deepEqual([back.status, back.headers['hawser-outcome']], [502, 'unavailable'], place)
      const none = await send('POST', `${path}/restore`)
      assert.deepEqual([none.status, none.headers['hawser-condition']], [409, 'nothing_to_restore'])
      const stale = await server().request('DELETE', path, { key, headers: { 'If-Match': '"v9"' } })
      assert.deepEqual([stale.status, stale.headers['hawser-condition']], [412, 'version_mismatch'])
    }
  })

  test('is told of the sandbox’s carrier that refuses every connect', async () => {
    const { status, headers } = await send('POST', '/v-beta/ltl/connections/FAIL', {
      body: { credentials: {} },
    })
    assert.deepEqual([status, headers['hawser-outcome']], [400, 'invalid_credentials'])
  })
})
