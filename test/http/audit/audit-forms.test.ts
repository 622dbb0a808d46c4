import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Field, Fields } from '../../../src/catalog/define.ts'
import { ltlCarriers, parcelCarriers } from '../../../src/catalog/index.ts'
import { auditEventsOf, newTenantWithKey, type ShownEvent } from '../../support/audit/audit-events.ts'
import { bodyFor } from '../../support/carriers/generate-body.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import { newSecret, scannerFor } from '../../support/leak-scanner.ts'

const LONGEST = 150

type Body = Record<string, unknown>
type Sorted = { secret: Set<string>; open: Set<string> }

const secrets = Array.from({ length: 64 }, newSecret)
const scanner = scannerFor(secrets)
let planted = 0

/** Makes a body with every field of the form; the secret fields, members too, have values that can be found wherever they appear. */
function bodyWithSecrets(fields: Fields): Body {
  const body = bodyFor(fields, { long: true })
  const fill = (form: Fields, values: Body) => {
    for (const [name, field] of Object.entries(form)) {
      if (field.type === 'object') fill(field.members, values[name] as Body)
      else if (field.secret && field.type === 'string' && !field.enum && !field.pattern && !field.format)
        values[name] = (secrets[(planted += 1) % secrets.length] ?? '').slice(0, field.maxLength)
    }
  }
  fill(fields, body)
  return body
}

/** Returns the names of the fields of several forms, in two sets: the fields that are secret in one of the forms, and the others. A member is named behind its object. */
function sorted(...forms: (Fields | undefined)[]): Sorted {
  const all: Sorted = { secret: new Set(), open: new Set() }
  const add = (name: string, field: Field, names: Set<string>) => {
    if (field.type !== 'object') {
      names.add(name)
      return
    }
    for (const [member, one] of Object.entries(field.members))
      add(`${name}.${member}`, one, one.secret ? all.secret : names)
  }
  for (const form of forms)
    for (const [name, field] of Object.entries(form ?? {}))
      add(name, field, field.secret ? all.secret : all.open)
  for (const name of all.secret) all.open.delete(name)
  return all
}

/** Returns the values of a body by name; a member is named behind its object. */
function flat(body: Body, prefix = ''): Map<string, unknown> {
  const values = new Map<string, unknown>()
  for (const [name, value] of Object.entries(body))
    if (typeof value === 'object' && value !== null)
      for (const [member, one] of flat(value as Body, `${prefix}${name}.`)) values.set(member, one)
    else values.set(`${prefix}${name}`, value)
  return values
}

const shortened = (value: unknown) =>
  typeof value === 'string' && [...value].length > LONGEST
    ? `${[...value].slice(0, LONGEST).join('')}…`
    : value

type Checked = { before: Body; body: Body; sorted: Sorted; about: string }

/** Checks that an event shows every value of `body` that is not secret and has changed, and no secret value; returns the number of these values. */
function check(event: ShownEvent | undefined, { before, body, sorted: { secret, open }, about }: Checked) {
  assert.ok(event?.changes, about)
  const shown = new Map(event.changes.map((change) => [change.field, change]))
  assert.equal(shown.size, event.changes.length, `${about}: each field once`)
  assert.deepEqual(
    [...shown.keys()].filter((name) => secret.has(name) || secret.has(name.split('.')[0] ?? '')),
    [],
    `${about}: no secret field`,
  )
  const earlier = flat(before)
  const expected = [...flat(body)].filter(([name, value]) => open.has(name) && earlier.get(name) !== value)
  for (const [field, after] of expected) {
    const seen = { field, before: shortened(earlier.get(field) ?? null), after: shortened(after) }
    assert.deepEqual(shown.get(field), seen, `${about}: ${field}`)
  }
  const hidden = [...flat(body).keys()]
    .map((name) => name.split('.')[0] ?? '')
    .filter((name) => secret.has(name))
  for (const name of hidden) assert.ok(event.fields.includes(name), `${about}: ${name} by name`)
  return expected.length
}

onEveryDatabase(
  'what the audit log shows of every form',
  (server) => {
    test('connect, update and settings of every parcel carrier: all that is not secret before and after, and no secret', async () => {
      const { key } = await newTenantWithKey(server())
      let checked = 0
      for (const { name, connect, update, settings, closed } of parcelCarriers) {
        if (closed) continue
        const forms = sorted(connect, update, settings)
        const path = `/v1/connections/carriers/${name}`
        const first = bodyWithSecrets(connect)
        const made = await server().request('POST', path, { key, body: first })
        assert.equal(made.status, 200, `${name}: ${made.text}`)
        const id = made.json.carrier_id as string
        const [connected] = await auditEventsOf(server(), key, `&carrier_id=${id}`)
        assert.equal(connected?.action, 'connection.connected')
        checked += check(connected, { before: {}, body: first, sorted: forms, about: `connect ${name}` })
        // The first connection of a carrier is its primary one, whatever the body says.
        let last: Body = { ...first, is_primary_account: true }
        if (update) {
          const next = bodyWithSecrets(update)
          const updated = await server().request('PUT', `${path}/${id}`, { key, body: next })
          assert.equal(updated.status, 200, `${name}: ${updated.text}`)
          const [event] = await auditEventsOf(server(), key, `&carrier_id=${id}&action=connection.updated`)
          checked += check(event, { before: last, body: next, sorted: forms, about: `update ${name}` })
          last = { ...last, ...next }
        }
        if (!settings) continue
        const changed = { ...bodyFor(settings, { long: true }), is_primary_account: true }
        const wish = Object.fromEntries(Object.entries(changed).filter(([field]) => field in settings))
        const set = await server().request('PUT', `${path}/${id}/settings`, { key, body: wish })
        assert.equal(set.status, 204, `${name}: ${set.text}`)
        const [event] = await auditEventsOf(
          server(),
          key,
          `&carrier_id=${id}&action=connection.settings_updated`,
        )
        const { is_primary_account: _, invoice: __, ...rest } = wish
        checked += check(event, { before: last, body: rest, sorted: forms, about: `settings ${name}` })
      }
      assert.ok(checked > 400, `${checked} values were compared`)
      const pages = JSON.stringify(await auditEventsOf(server(), key))
      assert.equal(scanner.scan(pages), undefined)
      assert.ok(scanner.scan(`${pages}${secrets[0]}`), 'the control: a secret would be found')
      assert.ok(planted > 100, `${planted} secrets were given`)
    })

    test('connect and update of every LTL carrier: the same', async () => {
      const { key } = await newTenantWithKey(server())
      let checked = 0
      for (const { scacs, credentials, demands, closed, sandbox } of ltlCarriers) {
        if (closed || sandbox) continue
        const names = typeof demands === 'string' ? Object.keys(credentials) : [...(demands.at(-1) ?? [])]
        const form = Object.fromEntries(Object.entries(credentials).filter(([name]) => names.includes(name)))
        const path = `/v-beta/ltl/connections/${scacs[0]}`
        const first = bodyWithSecrets(form)
        const made = await server().request('POST', path, { key, body: { credentials: first } })
        assert.equal(made.status, 200, `${scacs[0]}: ${made.text}`)
        const id = made.json.carrier_id as string
        const next = bodyWithSecrets(form)
        const updated = await server().request('PUT', `${path}/${id}`, { key, body: { credentials: next } })
        assert.equal(updated.status, 200, `${scacs[0]}: ${updated.text}`)
        const [event, connected] = await auditEventsOf(server(), key, `&carrier_id=${id}`)
        checked += check(connected, {
          before: {},
          body: first,
          sorted: sorted(credentials),
          about: `connect ${scacs[0]}`,
        })
        checked += check(event, {
          before: first,
          body: next,
          sorted: sorted(credentials),
          about: `update ${scacs[0]}`,
        })
      }
      assert.ok(checked > 100, `${checked} values were compared`)
      assert.equal(scanner.scan(JSON.stringify(await auditEventsOf(server(), key))), undefined)
    })
  },
  { repeatTransactions: false, env: { HAWSER_VERIFICATION: 'off', HAWSER_WEBHOOK_LIMIT: '100' } },
)

test('a field is secret in every form of its carrier or in none, members too, so that no form shows what another hides', () => {
  for (const { name, connect, update, settings } of parcelCarriers) {
    const forms = [connect, update, settings].map((form) => sorted(form))
    for (const { open } of forms)
      for (const { secret } of forms)
        assert.deepEqual(
          [...open].filter((field) => secret.has(field)),
          [],
          name,
        )
  }
})
