import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fields, LtlCarrier } from '../src/catalog/define.ts'
import { ltlCarriers, parcelCarriers } from '../src/catalog/index.ts'
import { onEveryDatabase } from './support/server/every-database.ts'
import type { Answer } from './support/server/test-server.ts'
import { bodyFor, valueFor, wrongType } from './support/carriers/generate-body.ts'
import { storedConnection } from './support/connections/stored-connection.ts'

const fieldsOf = (answer: Answer): (string | undefined)[] =>
  answer.json.errors.map(({ field_name }: { field_name?: string }) => field_name)
const requiredOf = (fields: Fields) => Object.keys(fields).filter((name) => fields[name]?.required)
const override = { allow_duplicate_account_number: true }

onEveryDatabase('every parcel carrier', (server) => {
  const ask = (method: string, path: string, asked: { body?: object } = {}) =>
    server().request(method, path, asked)

  for (const carrier of parcelCarriers) {
    const path = `/v1/connections/carriers/${carrier.name}`

    if (carrier.closed) {
      test(`${carrier.name}: cannot be connected, and says why`, async () => {
        const { status, json } = await ask('POST', path, { body: bodyFor(carrier.connect) })
        assert.equal(status, 400)
        assert.equal(json.errors[0].error_code, 'carrier_not_supported')
        assert.equal(json.errors[0].carrier_code, carrier.name)
        assert.ok(json.errors[0].message.includes(carrier.closed?.reason))
      })
      continue
    }

    test(`${carrier.name}: connects, lists, updates as it says, and disconnects`, async () => {
      for (const long of [false, true]) {
        const connected = await ask('POST', path, {
          body: { ...bodyFor(carrier.connect, { long }), ...override },
        })
        assert.equal(connected.status, 200, connected.text)
        const id = connected.json.carrier_id
        const list = await ask('GET', `/v1/carriers/${id}`)
        assert.equal(list.json.carrier_code, carrier.name)
        assert.equal(list.json.friendly_name, carrier.title)
        assert.ok(!list.text.includes('planted-'))
        const state = await ask('GET', `${path}/${id}`)
        const shouldBeSet = long ? Object.keys(carrier.connect) : requiredOf(carrier.connect)
        assert.deepEqual(
          shouldBeSet.filter((name) => !state.json.fields[name].set),
          [],
        )
        assert.ok(!state.text.includes('planted-'))
        const updated = await ask('PUT', `${path}/${id}`, {
          body: bodyFor(carrier.update ?? carrier.connect, { long }),
        })
        if (carrier.update) assert.deepEqual(updated.json, { carrier_id: id }, updated.text)
        else assert.equal(updated.json.errors[0].error_code, 'carrier_not_supported')
        const settings = await ask('GET', `${path}/${id}/settings`)
        assert.equal(settings.status, carrier.settings ? 200 : 404)
        if (carrier.settings && long) {
          const body = bodyFor(carrier.settings, { long: true })
          delete body.is_primary_account
          assert.equal((await ask('PUT', `${path}/${id}/settings`, { body })).status, 204)
          const { is_primary_account: _, ...shown } = (await ask('GET', `${path}/${id}/settings`)).json
          assert.deepEqual(shown, body)
        }
        assert.equal((await ask('DELETE', `${path}/${id}`)).status, 204)
        assert.equal((await ask('GET', `${path}/${id}`)).status, 404)
      }
    })

    test(`${carrier.name}: names each required field that is missing, and what it does not know`, async () => {
      const body = bodyFor(carrier.connect)
      for (const name of requiredOf(carrier.connect)) {
        const { [name]: _, ...without } = body
        const answer = await ask('POST', path, { body: without })
        assert.equal(answer.json.errors[0].error_code, 'field_value_required')
        assert.deepEqual(fieldsOf(answer), [name])
      }
      const answer = await ask('POST', path, { body: { ...body, 'a member of none': 1 } })
      assert.deepEqual(fieldsOf(answer), [undefined])
      assert.ok(!answer.text.includes('a member of none'))
    })

    test(`${carrier.name}: an update of the wrong type leaves what is stored as it was`, async () => {
      const { json } = await ask('POST', path, { body: { ...bodyFor(carrier.connect), ...override } })
      const before = await storedConnection(server(), json.carrier_id)
      const form = carrier.update ?? {}
      for (const [name, field] of Object.entries(form)) {
        const answer = await ask('PUT', `${path}/${json.carrier_id}`, {
          body: {
            ...bodyFor(form),
            [name]: wrongType(field),
          },
        })
        assert.equal(answer.json.errors[0].error_code, 'invalid_field_value')
        assert.deepEqual(fieldsOf(answer), [name])
      }
      assert.deepEqual(await storedConnection(server(), json.carrier_id), before)
    })
  }
})

/** Returns the fewest credentials that an LTL carrier asks for, and all that it takes. */
function credentialsOf({ credentials, demands }: LtlCarrier): [least: object, most: object] {
  const pick = (names: readonly string[]) =>
    Object.fromEntries(
      names.map((name) => [
        name,
        valueFor(name, credentials[name] ?? { type: 'string', label: '', secret: true }),
      ]),
    )
  const all = Object.keys(credentials)
  if (typeof demands !== 'string') return [pick(demands[0] ?? []), pick(demands.at(-1) ?? [])]
  return [pick(demands === 'all' ? all : demands === 'some' ? all.slice(1, 2) : []), pick(all)]
}

onEveryDatabase('every LTL carrier', (server) => {
  for (const carrier of ltlCarriers)
    test(`${carrier.scacs.join(', ')}: ${carrier.closed ? 'cannot be connected, and says why' : 'connects, lists, updates and disconnects under each SCAC'}`, async () => {
      const key = carrier.sandbox ? await server().newKey({ environment: 'sandbox' }) : server().key
      const ask = (method: string, path: string, asked: { body?: object } = {}) =>
        server().request(method, `/v-beta/ltl${path}`, { key, ...asked })
      const [least, most] = credentialsOf(carrier)
      for (const scac of carrier.scacs)
        for (const credentials of [least, most]) {
          const connected = await ask('POST', `/connections/${scac.toLowerCase()}`, { body: { credentials } })
          if (carrier.closed || carrier.sandbox?.answer === 'refuses') {
            assert.equal(connected.status, 400)
            if (carrier.closed) assert.ok(connected.json.errors[0].message.includes(carrier.closed.reason))
            continue
          }
          assert.equal(connected.status, 200, connected.text)
          const id = connected.json.carrier_id
          const { json, text } = await ask('GET', `/carriers/${id}`)
          assert.equal(json.carriers[0].scac, scac)
          assert.equal(json.carriers[0].name, carrier.title)
          assert.ok(!text.includes('planted-'))
          const first = carrier.scacs[0]
          assert.deepEqual(
            (await ask('PUT', `/connections/${first}/${id}`, { body: { credentials: most } })).json,
            {
              carrier_id: id,
            },
          )
          const wrong = await ask('PUT', `/connections/${first}/${id}`, {
            body: {
              credentials: { ...most, account_number: 5 },
            },
          })
          assert.equal(wrong.status, 400)
          assert.equal((await ask('DELETE', `/connections/${scac}/${id}`)).status, 204)
        }
      const requirements = await ask('GET', `/carriers/${carrier.scacs[0]}/credential_requirements`)
      const documented = Object.keys(carrier.credentials).filter(
        (name) => !carrier.credentials[name]?.extension,
      )
      assert.deepEqual(
        requirements.json.credential_requirements.map(({ name }: { name: string }) => name),
        carrier.demands === 'none' ? [] : documented.sort(),
      )
    })
})
