import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Field, Fields } from '../../../src/catalog/define.ts'
import { ltlCarriers, parcelCarriers } from '../../../src/catalog/index.ts'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { bodyFor, valueFor } from '../../support/carriers/generate-body.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import { storedConnection } from '../../support/connections/stored-connection.ts'

type Body = Record<string, unknown>

const open = parcelCarriers.filter(({ closed }) => !closed)

const namesOf = (fields: Fields, isMeant: (field: Field) => boolean) =>
  Object.keys(fields).filter((name) => isMeant(fields[name]!))
const same = (names: readonly string[], value: unknown): Body =>
  Object.fromEntries(names.map((name) => [name, value]))
const isFree = (field: Field) => !field.required
const isText = (field: Field) => field.type === 'string' && field.required === true
const isFlag = (field: Field) => field.type === 'boolean'

onEveryDatabase('bodies as forms and public samples send them', (server) => {
  const ask = (method: string, path: string, body: object) => server().request(method, path, { body })
  const errorsOf = (answer: { json: any }): [string, string][] =>
    answer.json.errors.map((error: any) => [error.error_code, error.field_name])

  const noticesOf = ({ headers }: { headers: Record<string, unknown> }) =>
    [headers['hawser-notice'] ?? []].flat() as string[]

  for (const carrier of open) {
    const path = `/v1/connections/carriers/${carrier.name}`
    const { connect, settings = {} } = carrier
    const update = carrier.update ?? {}

    async function connected(more: Body = {}) {
      const body = { ...bodyFor(connect), allow_duplicate_account_number: 'true', ...more }
      const answer = await ask('POST', path, body)
      assert.equal(answer.status, 200, answer.text)
      return answer.json.carrier_id as string
    }

    test(`${carrier.name}: what is optional and empty is absent at connect, and cleared afterwards`, async () => {
      const id = await connected(same(namesOf(connect, isFree), ''))
      const kept = await storedConnection(server(), id)
      const set = { ...kept.credentials, ...kept.settings }
      assert.deepEqual(
        namesOf(connect, isFree).filter((name) => name in set),
        [],
      )
      const wanted = new Set(Object.keys(connect).filter((name) => connect[name]?.required))
      for (const [form, at] of [
        [update, `${path}/${id}`],
        [settings, `${path}/${id}/settings`],
      ] as const) {
        const free = namesOf(form, (field) => isFree(field) && !('role' in field) && !('latch' in field))
        const cleared = free.filter((name) => !wanted.has(name))
        if (cleared.length === 0) continue
        const values = Object.fromEntries(cleared.map((name) => [name, valueFor(name, form[name]!)]))
        const filled = await ask('PUT', at, { ...bodyFor(form), ...values })
        assert.ok(filled.status < 300, filled.text)
        const emptied = await ask('PUT', at, { ...bodyFor(form), ...same(cleared, '') })
        assert.ok(emptied.status < 300, emptied.text)
        const after = await storedConnection(server(), id)
        const left = { ...after.credentials, ...after.settings }
        assert.deepEqual(
          cleared.filter((name) => (form[name]?.storedAs ?? name) in left),
          [],
        )
        const needed = free.filter((name) => wanted.has(name))
        for (const value of [' '.repeat(6), '\u00a0\u200b'.repeat(3)])
          for (const name of needed.filter((one) => form[one]?.type === 'string')) {
            const refused = await ask('PUT', at, { ...bodyFor(form), [name]: value })
            assert.deepEqual(errorsOf(refused), [['field_value_required', name]])
          }
      }
    })

    test(`${carrier.name}: every optional field may be empty in every form, and what connect asks for stays`, async () => {
      const wanted = (name: string) => connect[name]?.required === true
      for (const empty of ['', null]) {
        const id = await connected(same(namesOf(connect, isFree), empty))
        for (const [form, at] of [
          [update, `${path}/${id}`],
          [settings, `${path}/${id}/settings`],
        ] as const) {
          const free = namesOf(form, isFree)
          if (free.length === 0) continue
          const given = bodyFor(form)
          assert.ok((await ask('PUT', at, given)).status < 300)
          const before = await storedConnection(server(), id)
          const emptied = await ask('PUT', at, { ...given, ...same(free, empty) })
          assert.ok(emptied.status < 300, emptied.text)
          const after = await storedConnection(server(), id)
          for (const part of ['credentials', 'settings'] as const) {
            const lasting = Object.entries(before[part]).filter(
              ([name]) => wanted(name) || !free.includes(name),
            )
            assert.deepEqual(after[part], Object.fromEntries(lasting))
          }
          assert.equal(after.row.nickname, before.row.nickname)
          assert.equal(after.row.account_number, before.row.account_number)
          assert.equal(after.row.is_primary, before.row.is_primary)
          const told = noticesOf(emptied).filter((notice) => notice.startsWith('not_cleared'))
          assert.deepEqual(
            told,
            free.filter(wanted).map((name) => `not_cleared; field=${name}`),
          )
        }
      }
    })

    test(`${carrier.name}: a required text of white space is required, at connect and at update`, async () => {
      const id = await connected()
      for (const [method, at, form] of [
        ['POST', path, connect],
        ['PUT', `${path}/${id}`, update],
      ] as const)
        for (const blank of ['', '   ', '\u00a0', '\u3000\u200b']) {
          const names = namesOf(form, isText)
          if (names.length === 0) continue
          const answer = await ask(method, at, { ...bodyFor(form), ...same(names, blank) })
          assert.equal(answer.status, 400)
          assert.deepEqual(
            errorsOf(answer),
            names.map((name) => ['field_value_required', name]),
          )
        }
    })

    test(`${carrier.name}: a truth value may come as text, in every form, and no other text is one`, async () => {
      const flags = namesOf(connect, isFlag)
      const id = await connected(same(flags, 'true'))
      for (const [form, at] of [
        [update, `${path}/${id}`],
        [settings, `${path}/${id}/settings`],
      ] as const) {
        const names = namesOf(form, isFlag)
        if (names.length === 0) continue
        const written = await ask('PUT', at, { ...bodyFor(form), ...same(names, 'true') })
        assert.ok(written.status < 300, written.text)
        const { credentials, settings: kept } = await storedConnection(server(), id)
        const all: Body = { ...credentials, ...kept }
        for (const name of names.filter((name) => !('role' in form[name]!)))
          assert.equal(all[name], true, name)
        for (const other of ['True', 'yes', '1', 1, ' true']) {
          const refused = await ask('PUT', at, { ...bodyFor(form), ...same(names, other) })
          assert.deepEqual(
            errorsOf(refused),
            names.map((name) => ['invalid_field_value', name]),
          )
        }
      }
      const lease = await server().request('POST', `${path}/${id}/lease`)
      assert.ok(!Object.values(lease.json.credentials).includes('true'))
    })
  }

  test('terms, the primary mark, latches and the override look at the truth value', async () => {
    const fedex = '/v1/connections/carriers/fedex'
    const body = { ...connectBodies.fedex, account_number: unique() }
    const refused = await ask('POST', fedex, { ...body, agree_to_eula: 'false' })
    assert.deepEqual(errorsOf(refused), [['terms_not_accepted', 'agree_to_eula']])
    const first = await ask('POST', fedex, { ...body, agree_to_eula: 'true' })
    assert.equal(first.status, 200, first.text)
    const duplicate = { ...body, agree_to_eula: 'true', allow_duplicate_account_number: 'false' }
    assert.equal((await ask('POST', fedex, duplicate)).status, 409)

    const ups = '/v1/connections/carriers/ups'
    const made = [1, 2].map(() => ask('POST', ups, { ...connectBodies.ups, account_number: unique() }))
    const [one, two] = (await Promise.all(made)).map(({ json }) => json.carrier_id as string)
    const put = (id: string | undefined, more: Body) => ask('PUT', `${ups}/${id}/settings`, more)
    for (const id of [one, two]) {
      assert.equal((await put(id, { is_primary_account: 'true' })).status, 204)
      assert.equal((await server().request('GET', `/v1/carriers/${id}`)).json.primary, true)
    }
    assert.deepEqual(errorsOf(await put(two, { is_primary_account: 'false' })), [
      ['invalid_field_value', 'is_primary_account'],
    ])
    assert.equal((await put(two, { use_negotiated_rates: 'true' })).status, 204)
    for (const off of ['false', ''])
      assert.deepEqual(errorsOf(await put(two, { use_negotiated_rates: off })), [
        ['invalid_field_value', 'use_negotiated_rates'],
      ])
    const shown = await server().request('GET', `${ups}/${two}/settings`)
    assert.deepEqual([shown.json.use_negotiated_rates, shown.json.is_primary_account], [true, true])
  })

  test('nested members too: empty ones are left out, and an object of nothing else is cleared', async () => {
    const path = '/v1/connections/carriers/chronopost'
    const body = { ...connectBodies.chronopost, account_number: unique() }
    const heading = { title: 'M', city: '', email: '' }
    const { json } = await ask('POST', path, { ...body, injection_address_heading: heading })
    const kept = async () =>
      (await storedConnection(server(), json.carrier_id)).credentials.injection_address_heading
    assert.deepEqual(await kept(), { title: 'M' })
    const empty = { title: '', city: '', email: '' }
    assert.equal(
      (await ask('PUT', `${path}/${json.carrier_id}`, { ...body, injection_address_heading: empty })).status,
      200,
    )
    assert.equal(await kept(), undefined)
  })

  test('UPS takes the invoice that UPS prints, and a country of two letters', async () => {
    const path = '/v1/connections/carriers/ups'
    const body = { ...connectBodies.ups, account_number: unique() }
    const { json } = await ask('POST', path, body)
    const at = `${path}/${json.carrier_id}/settings`
    const fine = ['7Q4K', '204418837', 'se-1', 'X-1 /a', 'é'.repeat(50)]
    for (const control_id of fine) {
      assert.equal((await ask('PUT', at, { invoice: { control_id } })).status, 204, control_id)
      assert.equal((await server().request('GET', at)).json.invoice.control_id, control_id)
    }
    for (const invoice_date of ['2026-11-01', '2026-11-01T00:00:00Z'])
      assert.equal((await ask('PUT', at, { invoice: { invoice_date } })).status, 204)
    assert.deepEqual(errorsOf(await ask('PUT', at, { invoice: { control_id: 'x'.repeat(51) } })), [
      ['invalid_string_length', 'invoice.control_id'],
    ])
    for (const invoice_date of ['2026-11-31', '11/01/2026'])
      assert.deepEqual(errorsOf(await ask('PUT', at, { invoice: { invoice_date } })), [
        ['invalid_field_value', 'invoice.invoice_date'],
      ])
    for (const [country, code] of [
      ['U', 'invalid_string_length'],
      ['USA', 'invalid_string_length'],
      ['U1', 'invalid_field_value'],
      ['1.', 'invalid_field_value'],
      ['  ', 'field_value_required'],
    ] as const)
      for (const [method, where] of [
        ['POST', path],
        ['PUT', `${path}/${json.carrier_id}`],
      ] as const)
        assert.deepEqual(errorsOf(await ask(method, where, { ...body, account_country_code: country })), [
          [code, 'account_country_code'],
        ])
  })

  for (const carrier of ltlCarriers.filter(({ closed, sandbox }) => !closed && !sandbox))
    test(`${carrier.scacs[0]}: an empty credential is an absent one, and nothing but blanks is none`, async () => {
      const path = `/v-beta/ltl/connections/${carrier.scacs[0]}`
      const all = Object.fromEntries(
        Object.entries(carrier.credentials).map(([name, field]) => [name, valueFor(unique(name), field)]),
      )
      const names = Object.keys(all)
      const free = carrier.demands === 'some' ? names.slice(1) : []
      const answer = await ask('POST', path, { credentials: { ...all, ...same(free, '') } })
      assert.equal(answer.status, 200, answer.text)
      const { credentials } = await storedConnection(server(), answer.json.carrier_id)
      assert.deepEqual(
        free.filter((name) => name in credentials),
        [],
      )
      if (carrier.demands === 'none') return
      for (const blank of ['', '  ', '\u00a0'])
        for (const [method, at] of [
          ['POST', path],
          ['PUT', `${path}/${answer.json.carrier_id}`],
        ] as const) {
          const refused = await ask(method, at, { credentials: same(names, blank) })
          assert.ok(errorsOf(refused).every(([code]) => code === 'field_value_required'))
        }
    })
})
