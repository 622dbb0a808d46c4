import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Carrier, Field, Fields, ObjectField } from '../../../src/catalog/define.ts'
import { ltlCarriers, parcelCarriers } from '../../../src/catalog/index.ts'
import { unique } from '../../support/unique.ts'
import { connectBody, connectPath } from '../../support/carriers/new-account.ts'
import { bodyFor, valueFor } from '../../support/carriers/generate-body.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { TestServer } from '../../support/server/test-server.ts'
import { storedConnection } from '../../support/connections/stored-connection.ts'
import { auditTrail } from '../../support/audit/audit-events.ts'

type Body = Record<string, unknown>

const isUpdatable = (carrier: Carrier) =>
  !carrier.closed && (carrier.mode === 'ltl' ? !carrier.sandbox : carrier.update !== undefined)
const updatable: Carrier[] = [...parcelCarriers, ...ltlCarriers].filter(isUpdatable)

const formOf = (carrier: Carrier): Fields =>
  carrier.mode === 'ltl' ? carrier.credentials : (carrier.update ?? {})

/** Makes the fields that an update of the carrier needs, and for LTL all documented fields. */
function wholeOf(carrier: Carrier): Body {
  const documented = Object.entries(formOf(carrier)).filter(
    ([, field]) => !field.extension && (field.required || carrier.mode === 'ltl' || field.type === 'string'),
  )
  return Object.fromEntries(documented.map(([name, field]) => [name, valueFor(unique(name), field)]))
}

/** Finds the field that a merchant changes at the carrier from time to time: a secret, or another text where there is no secret. */
function passwordOf(carrier: Carrier, body: Body): string | undefined {
  const fields = formOf(carrier)
  const settings = (carrier.mode === 'parcel' && carrier.settings) || {}
  const isText = (name: string) => ['string', 'number'].includes(typeof body[name])
  const names = Object.keys(body).filter((name) => isText(name) && name !== 'nickname' && !settings[name])
  const free = names.filter((name) => !fields[name]?.identifier)
  return names.find((name) => fields[name]?.secret) ?? free[0] ?? names[0]
}

const another = (carrier: Carrier, name: string) => {
  const field = formOf(carrier)[name]
  return field && valueFor(unique(name), { ...field, ...(field.type === 'string' ? { minLength: 2 } : {}) })
}

async function leased(server: TestServer, path: string): Promise<Body> {
  const { json } = await server.request('POST', `${path}/lease`)
  return json.credentials
}

const isOpenObject = (field: Field): field is ObjectField =>
  field.type === 'object' && !field.required && Object.values(field.members).every((one) => !one.required)

/** Lists the values that change nothing in a field that has no stored value: `null`, an empty text, and for an object any object without values. */
const empties = (field: Field): unknown[] => [
  null,
  '',
  ...(isOpenObject(field)
    ? [{}, ...[null, ''].map((value) => pickAll(Object.keys(field.members), value))]
    : []),
]

const pickAll = (names: readonly string[], value: unknown): Body =>
  Object.fromEntries(names.map((name) => [name, value]))

/** Makes bodies with every optional field that `whole` lacks; in each body the fields are empty in another way. */
function emptyBodies(form: Fields, whole: Body): Body[] {
  const free = Object.entries(form).filter(
    ([name, field]) => !field.required && !('role' in field) && !(name in whole),
  )
  const ways = Math.max(0, ...free.map(([, field]) => empties(field).length))
  return Array.from({ length: ways }, (_, way) =>
    Object.fromEntries(
      free.map(([name, field]) => [name, empties(field)[Math.min(way, empties(field).length - 1)]]),
    ),
  )
}

onEveryDatabase('the way back', (server) => {
  const put = async (path: string, body: object) => {
    const answer = await server().request('PUT', path, { body })
    assert.ok([200, 204].includes(answer.status), answer.text)
    return answer
  }

  for (const carrier of updatable) {
    const name = carrier.mode === 'ltl' ? carrier.scacs[0] : carrier.name
    test(`${name}: a rename and a retry cost nobody the password before`, async () => {
      const whole = wholeOf(carrier)
      const password = passwordOf(carrier, whole)
      assert.ok(password !== undefined)
      const connecting = carrier.mode === 'parcel' ? { ...bodyFor(carrier.connect), ...whole } : whole
      const known = carrier.mode === 'parcel' ? pick(connecting, Object.keys(carrier.connect)) : connecting
      const made = await server().request('POST', connectPath(carrier), { body: connectBody(carrier, known) })
      assert.equal(made.status, 200, made.text)
      const id = made.json.carrier_id
      const path = `${connectPath(carrier)}/${id}`
      await put(path, connectBody(carrier, whole))
      const changed = { ...whole, [password]: another(carrier, password) }
      await put(path, connectBody(carrier, changed))
      const { row } = await storedConnection(server(), id)
      const rename = carrier.mode === 'parcel' ? { ...changed, nickname: 'Renamed' } : changed
      for (const body of [changed, rename, rename]) await put(path, connectBody(carrier, body))
      if (carrier.mode === 'parcel' && carrier.settings)
        await put(`${path}/settings`, bodyFor(carrier.settings, { long: true }))
      const after = (await storedConnection(server(), id)).row
      assert.equal(after.credentials_version, row.credentials_version)
      assert.deepEqual(Buffer.from(after.credentials), Buffer.from(row.credentials))
      const named = (await auditTrail(server(), id)).map(([, fields]) => fields).slice(-4)
      assert.ok(!named.slice(-3).flat().includes(password), 'the events name what did change')
      assert.equal((await leased(server(), path))[password], changed[password])
      assert.equal((await server().request('POST', `${path}/rollback`)).status, 200)
      assert.equal((await leased(server(), path))[password], whole[password])
      assert.equal((await server().request('POST', `${path}/rollback`)).status, 200)
      assert.equal(
        (await leased(server(), path))[password],
        changed[password],
        'nor is it lost by going back',
      )
    })
  }

  for (const carrier of updatable) {
    const empties = emptyBodies(formOf(carrier), wholeOf(carrier))
    if (empties.length === 0) continue
    const name = carrier.mode === 'ltl' ? carrier.scacs[0] : carrier.name
    test(`${name}: what says nothing beside unchanged credentials costs nobody the password before`, async () => {
      const whole = wholeOf(carrier)
      const password = passwordOf(carrier, whole) ?? assert.fail()
      const connecting = carrier.mode === 'parcel' ? { ...bodyFor(carrier.connect), ...whole } : whole
      const known = carrier.mode === 'parcel' ? pick(connecting, Object.keys(carrier.connect)) : connecting
      const made = await server().request('POST', connectPath(carrier), { body: connectBody(carrier, known) })
      assert.equal(made.status, 200, made.text)
      const path = `${connectPath(carrier)}/${made.json.carrier_id}`
      const changed = { ...whole, [password]: another(carrier, password) }
      for (const body of [whole, changed]) await put(path, connectBody(carrier, body))
      const before = await storedConnection(server(), made.json.carrier_id)
      for (const empty of empties) await put(path, connectBody(carrier, { ...changed, ...empty }))
      if (carrier.mode === 'parcel' && carrier.settings)
        for (const empty of emptyBodies(carrier.settings, { ...bodyFor(carrier.connect), ...whole }))
          await put(`${path}/settings`, empty)
      const after = await storedConnection(server(), made.json.carrier_id)
      assert.equal(after.row.credentials_version, before.row.credentials_version)
      assert.deepEqual(after.credentials, before.credentials)
      assert.deepEqual(after.settings, before.settings)
      const events = (await auditTrail(server(), made.json.carrier_id)).slice(-empties.length)
      assert.ok(
        events.every(([, fields]) => fields.length === 0),
        'the events name nothing that did change',
      )
      assert.equal((await server().request('POST', `${path}/rollback`)).status, 200)
      assert.equal((await leased(server(), path))[password], whole[password])
    })
  }

  test('there is no way back to what is in force', async () => {
    const path = '/v1/connections/carriers/stamps_com'
    const body = { nickname: 'n', username: unique('u'), password: 'the-first' }
    const { json } = await server().request('POST', path, { body })
    await put(`${path}/${json.carrier_id}`, { ...body, nickname: 'm' })
    const back = await server().request('POST', `${path}/${json.carrier_id}/rollback`)
    assert.deepEqual([back.status, back.json.errors[0].error_code], [409, 'invalid_status'])
    const [, renamed] = await auditTrail(server(), json.carrier_id)
    assert.deepEqual(renamed, ['connection.updated', ['nickname'], 2])
  })

  test('another account, or another place that it is asked with, is a change', async () => {
    const path = '/v1/connections/carriers/ups'
    const body = (place: string, account = unique('A')) => ({
      nickname: 'n',
      account_number: account,
      account_postal_code: place,
      account_country_code: 'US',
    })
    const first = body('11111')
    const { json } = await server().request('POST', path, { body: first })
    const at = `${path}/${json.carrier_id}`
    for (const next of [{ ...first, account_postal_code: '22222' }, body('33333')]) {
      const before = await leased(server(), at)
      await put(at, next)
      const setting = { pickup_type: 'daily_pickup', account_postal_code: '99999' }
      assert.equal((await server().request('PUT', `${at}/settings`, { body: setting })).status, 204)
      assert.equal((await server().request('POST', `${at}/rollback`)).status, 200)
      assert.deepEqual(await leased(server(), at), before)
    }
  })
})

const pick = (body: Body, names: readonly string[]) =>
  Object.fromEntries(Object.entries(body).filter(([name]) => names.includes(name)))
