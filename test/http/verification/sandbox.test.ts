import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Carrier, Fields } from '../../../src/catalog/define.ts'
import { ltlCarriers, parcelCarriers } from '../../../src/catalog/index.ts'
import { OUTCOMES } from '../../../src/catalog/verification.ts'
import { magicValues } from '../../../src/simulator/sandbox.ts'
import { unique } from '../../support/unique.ts'
import { connectBody, connectPath, newAccount } from '../../support/carriers/new-account.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'

type Body = Record<string, unknown>

const connectable: readonly Carrier[] = [...parcelCarriers, ...ltlCarriers].filter(
  (carrier) => !carrier.closed && !(carrier.mode === 'ltl' && carrier.sandbox?.answer === 'refuses'),
)
const magicOf = (outcome: string) => `simulate-${outcome.replaceAll('_', '-')}`
const formOf = (carrier: Carrier): Fields => (carrier.mode === 'ltl' ? carrier.credentials : carrier.connect)

/** Lists the fields that can hold a word of the sandbox. */
const carriersOf = (carrier: Carrier): string[] =>
  Object.entries(formOf(carrier)).flatMap(([name, field]) =>
    field.type === 'string' && field.role !== 'nickname' && (field.maxLength ?? 99) > 40
      ? field.enum || field.format || field.pattern
        ? []
        : [name]
      : [],
  )

onEveryDatabase('the sandbox', (server) => {
  let key: string
  before(async () => void (key = await server().newKey({ environment: 'sandbox' })))
  const ask = (method: string, path: string, asked: { body?: object } = {}) =>
    server().request(method, path, { key, ...asked })

  /** Returns a whole body of the carrier whose field `name` has the value `word`. */
  const bodyWith = (carrier: Carrier, name: string, word: string): object => {
    const account: Body = { ...newAccount(carrier), [name]: word }
    const more = carrier.mode === 'parcel' ? { allow_duplicate_account_number: true } : {}
    return { ...connectBody(carrier, account), ...more }
  }

  for (const carrier of connectable) {
    const path = connectPath(carrier)
    const [name = ''] = carriersOf(carrier)

    test(`${carrier.id}: every outcome can be asked of it, and reads as the carrier’s`, async () => {
      assert.notEqual(name, '')
      for (const outcome of OUTCOMES) {
        const body = bodyWith(carrier, name, magicOf(outcome))
        const { status, json, text } = await ask('POST', `${path}?verify=only`, { body })
        const isRefused = outcome === 'invalid_credentials' || outcome === 'not_entitled'
        assert.equal(status, isRefused ? 400 : 200, `${outcome} ${text}`)
        if (isRefused) assert.equal(json.errors[0].error_code, 'verification_failure')
        else assert.equal(json.verification.outcome, outcome)
        const told = isRefused ? json.errors[0].message : json.verification.diagnosis
        assert.doesNotMatch(told ?? '', /sandbox|simulat/i)
        if (outcome !== 'verified') assert.match(told, /^\S.*\.$/)
      }
      const locked = await ask('POST', path, { body: bodyWith(carrier, name, 'Simulate-Locked-Out') })
      assert.deepEqual([locked.status, locked.json.errors[0].error_code], [429, 'rate_limit_exceeded'])
      assert.equal(locked.headers['retry-after'], '900')
      assert.match(locked.json.errors[0].message, /has refused this login 3 times in 15 minutes/)
    })

    test(`${carrier.id}: an update and a verification answer so too, and a mistyped word is refused`, async () => {
      const made = await ask('POST', path, { body: bodyWith(carrier, name, 'simulate-unavailable') })
      assert.equal(made.status, 200, made.text)
      assert.equal(made.headers['hawser-notice']?.toString().includes('unverified_unavailable'), true)
      const at = `${path}/${made.json.carrier_id}`
      assert.equal((await ask('POST', `${at}/verify`)).json.verification.outcome, 'unavailable')
      const isUpdatable = carrier.mode === 'ltl' || carrier.update?.[name] !== undefined
      const updateWith = (word: string): object => {
        const { allow_duplicate_account_number: _, ...body } = bodyWith(carrier, name, word) as Body
        return body
      }
      if (isUpdatable) {
        const refused = await ask('PUT', at, { body: updateWith('simulate-invalid-credentials') })
        assert.deepEqual([refused.status, refused.json.errors[0].error_code], [400, 'verification_failure'])
        assert.equal((await ask('PUT', at, { body: updateWith('simulate-locked-out') })).status, 429)
      }
      for (const word of [
        'simulate-invalid',
        'simulate_not_entitled',
        'SIMULATE-',
        ' simulated-unavailable',
        'simulate-unavailable ',
        'simulateinvalid',
        '\u200bsimulate-unavailable',
        '\ufeff\u2060sim\u00adulate-verified',
        '\u201csimulate-verified\u201d',
      ])
        for (const [method, to, body] of [
          ['POST', path, bodyWith(carrier, name, word)],
          ...(isUpdatable ? ([['PUT', at, updateWith(word)]] as const) : []),
        ] as const) {
          const { status, json } = await ask(method, to, { body })
          const field = carrier.mode === 'ltl' ? `credentials.${name}` : name
          assert.deepEqual(
            [status, json.errors[0].error_code, json.errors[0].field_name],
            [400, 'invalid_field_value', field],
            word,
          )
          for (const known of magicValues) assert.ok(json.errors[0].message.includes(known))
        }
    })
  }

  test('in production the words mean nothing, and names that only begin so mean nothing anywhere', async () => {
    const path = '/v1/connections/carriers/stamps_com'
    const body = (password: string) => ({ nickname: 'n', username: unique('u'), password })
    for (const password of ['simulate-invalid', 'simulate-locked-out']) {
      const { status } = await server().request('POST', path, { body: body(password) })
      assert.equal(status, 200)
    }
    for (const password of ['simulations', 'simulateur', 'my-simulate-x'])
      assert.equal((await ask('POST', path, { body: body(password) })).status, 200)
    const settings = await ask('POST', '/v1/connections/carriers/ups', {
      body: {
        ...{ nickname: 'n', account_number: unique('A') },
        ...{ account_postal_code: '78701', account_country_code: 'US' },
      },
    })
    const at = `/v1/connections/carriers/ups/${settings.json.carrier_id}/settings`
    const refused = await ask('PUT', at, { body: { account_postal_code: 'simulate-outage' } })
    assert.deepEqual([refused.status, refused.json.errors[0].field_name], [400, 'account_postal_code'])
  })

  test('of several words the one against success counts, in whatever field it stands', async () => {
    const path = '/v1/connections/carriers/stamps_com'
    const told = async (username: string, password: string) => {
      const account = { nickname: 'n', username, password, allow_duplicate_account_number: true }
      const { status, json } = await ask('POST', `${path}?verify=only`, { body: account })
      return status === 200 ? json.verification.outcome : json.errors[0].error_code
    }
    for (const other of OUTCOMES.filter((outcome) => outcome !== 'verified')) {
      const alone = await told(unique('u'), magicOf(other))
      assert.equal(await told('simulate-verified', magicOf(other)), alone, other)
      assert.equal(await told(magicOf(other), 'simulate-verified'), alone, other)
    }
    assert.equal(await told('simulate-unavailable', 'simulate-invalid-credentials'), 'verification_failure')
    assert.equal(await told('simulate-verified', 'simulate-locked-out'), 'rate_limit_exceeded')
    assert.equal(await told('simulate-verified', 'simulate-verified'), 'verified')
  })

  test('a company, a person and a place may be called as they are', async () => {
    for (const id of ['fedex', 'royal_mail', 'chronopost']) {
      const carrier = connectable.find((one) => one.id === id)
      assert.ok(carrier)
      const named = Object.keys(formOf(carrier)).filter((name) =>
        /^(company(_name)?|last_name|first_name|address1|street_line1|city)$/.test(name),
      )
      const account: Body = { ...newAccount(carrier) }
      for (const name of named) account[name] = 'Simulate Labs'
      if (id === 'chronopost')
        account.injection_address_heading = { name: 'Simulate-x', company: 'Simulate Labs' }
      assert.ok(named.length > 1 || id === 'chronopost')
      const { status, text } = await ask('POST', connectPath(carrier), {
        body: connectBody(carrier, account),
      })
      assert.equal(status, 200, text)
    }
  })
})
