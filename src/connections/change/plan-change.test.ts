import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Carrier, Field } from '../../catalog/define.ts'
import { findByScac, findCarrier } from '../../catalog/find-carrier.ts'
import { parcelCarriers } from '../../catalog/index.ts'
import type { Form, Values } from '../../catalog/forms/validate.ts'
import { ApiError } from '../../errors.ts'
import { Secret } from '../../secret.ts'
import { allFields, ltlForm, settingsForm, updateForm } from '../form/carrier-forms.ts'
import { planChange, type OpenedConnection, type Plan } from './plan-change.ts'
import { acceptBody } from '../form/accept-body.ts'
import type { Changes } from '../form/values.ts'

const parcel = (name: string) => findCarrier(name) ?? assert.fail(name)
const holds = (
  credentials: Values,
  more: { settings?: Values; isPrimary?: boolean } = {},
): OpenedConnection => ({
  nickname: 'n',
  isPrimary: false,
  credentials,
  settings: {},
  ...more,
})

/** Plans an update of a parcel connection. */
const update = (name: string, held: OpenedConnection, body: Record<string, unknown>): Plan =>
  merge(parcel(name), held, { form: updateForm(parcel(name)), body })

/** Plans a change of the settings of a parcel connection. */
const settle = (name: string, held: OpenedConnection, body: Record<string, unknown>): Plan =>
  merge(parcel(name), held, { form: settingsForm(parcel(name)), body })

function merge(
  carrier: Carrier,
  held: OpenedConnection,
  { form, body }: { form: Form; body: Record<string, unknown> },
): Plan {
  return planChange(carrier, held, {
    form: form.fields,
    acceptedBody: acceptBody(carrier, form, body),
    how: 'merge',
  })
}

/** Expects a refusal of exactly these fields, in this order. */
function refuses(act: () => unknown, ...expected: [condition: string, fieldName: string][]): void {
  assert.throws(act, (error) => {
    assert.ok(error instanceof ApiError, String(error))
    const told = error.problems.map(({ condition, fieldName }) => [condition, fieldName])
    assert.deepEqual(told, expected)
    return true
  })
}

const ups = ({ settings = {}, isPrimary = false }: { settings?: Values; isPrimary?: boolean } = {}) =>
  holds(
    { account_number: 'A1', account_country_code: 'US' },
    { settings: { account_postal_code: '12345', ...settings }, isPrimary },
  )
const upsBody = { nickname: 'n', account_postal_code: '12345', account_country_code: 'US' }
const dhlBody = { nickname: 'n', account_number: 'A1' }
const gls = { client_id: 'c', client_secret: 's', contact_id: 'A1' }

test('negotiated rates cannot be switched off or cleared once they are on, at either door', () => {
  const on = ups({ settings: { use_negotiated_rates: true } })
  for (const value of [false, null]) {
    const change = { use_negotiated_rates: value }
    refuses(() => update('ups', on, { ...upsBody, ...change }), ['field_invalid', 'use_negotiated_rates'])
    refuses(() => settle('ups', on, change), ['field_invalid', 'use_negotiated_rates'])
  }
  for (const before of [{}, { use_negotiated_rates: false }] as Values[]) {
    const off = ups({ settings: before })
    assert.equal(
      update('ups', off, { ...upsBody, use_negotiated_rates: false }).settings.use_negotiated_rates,
      false,
    )
    assert.equal(settle('ups', off, { use_negotiated_rates: null }).settings.use_negotiated_rates, undefined)
    assert.equal(settle('ups', off, { use_negotiated_rates: true }).settings.use_negotiated_rates, true)
  }
  for (const again of [{}, { use_negotiated_rates: true }])
    assert.deepEqual(settle('ups', on, again).settings, on.settings)
})

test('the primary connection cannot give up being it; others may say that they are not', () => {
  const refused = ['field_invalid', 'is_primary_account'] as [string, string]
  const body = { is_primary_account: false }
  refuses(() => settle('ups', ups({ isPrimary: true }), body), refused)
  refuses(() => update('ups', ups({ isPrimary: true }), { ...upsBody, ...body }), refused)
  const kept = settle('ups', ups(), body)
  assert.deepEqual([kept.becomesPrimary, kept.changed], [false, []])
  const already = settle('ups', ups({ isPrimary: true }), { is_primary_account: true })
  assert.deepEqual([already.becomesPrimary, already.changed], [false, []])
  const becomes = settle('ups', ups(), { is_primary_account: true })
  assert.deepEqual([becomes.becomesPrimary, becomes.changed], [true, ['is_primary_account']])
})

test('of a pair that goes together one alone is refused, whether it was left out, cleared or never there', () => {
  const missing = (field: string) => ['field_required', field] as [string, string]
  const both = holds({ account_number: 'A1', site_id: 's', password: 'p' })
  const none = holds({ account_number: 'A1' })
  refuses(() => update('dhl_express', none, { ...dhlBody, site_id: 's' }), missing('password'))
  refuses(() => update('dhl_express', none, { ...dhlBody, password: 'p' }), missing('site_id'))
  refuses(() => update('dhl_express', both, { ...dhlBody, password: null }), missing('password'))
  refuses(() => update('dhl_express', both, { ...dhlBody, site_id: null }), missing('site_id'))
  const other = { ...dhlBody, account_number: 'B2' }
  assert.deepEqual(update('dhl_express', both, other).credentials, { account_number: 'B2' })
  refuses(() => update('dhl_express', both, { ...other, site_id: 't' }), missing('password'))
  const cleared = update('dhl_express', both, { ...dhlBody, site_id: null, password: null })
  assert.deepEqual(cleared.credentials, { account_number: 'A1' })
  assert.deepEqual(update('dhl_express', both, { ...dhlBody, site_id: 't' }).changed, ['site_id'])
  assert.deepEqual(update('dhl_express', none, { ...dhlBody, site_id: 's', password: 'p' }).changed, [
    'site_id',
    'password',
  ])
})

test('several broken rules are refused in one answer', () => {
  const held = ups({ settings: { use_negotiated_rates: true }, isPrimary: true })
  const body = { use_negotiated_rates: false, is_primary_account: false }
  refuses(
    () => settle('ups', held, body),
    ['field_invalid', 'use_negotiated_rates'],
    ['field_invalid', 'is_primary_account'],
  )
})

test('another account number drops every optional secret that the body does not carry, for every carrier', () => {
  const dropped: string[] = []
  for (const carrier of parcelCarriers.filter(({ together }) => together.length === 0)) {
    const fields = Object.entries<Field>(allFields(carrier))
    const [identifier] = fields.find(([name, field]) => field.identifier && name in carrier.connect) ?? []
    if (identifier === undefined || !carrier.update) continue
    const all = Object.fromEntries(fields.map(([name]) => [name, 'old']))
    const change = (changes: Changes) => {
      const acceptedBody = { credentials: new Secret(changes), settings: new Secret({}), given: [] }
      return planChange(carrier, holds(all), { form: carrier.update ?? {}, acceptedBody, how: 'merge' })
        .credentials
    }
    const secrets = fields.filter(([, { secret, required }]) => secret && !required).map(([name]) => name)
    const rest = Object.fromEntries(Object.entries(all).filter(([name]) => !secrets.includes(name)))
    assert.deepEqual(change({ [identifier]: 'new' }), { ...rest, [identifier]: 'new' }, carrier.name)
    const carried = Object.fromEntries(secrets.map((name) => [name, 'given']))
    assert.deepEqual(change({ [identifier]: 'new', ...carried }), { ...all, [identifier]: 'new', ...carried })
    assert.deepEqual(change({ [identifier]: ' OLD ' }), { ...all, [identifier]: ' OLD ' })
    dropped.push(...secrets)
  }
  assert.ok(dropped.length >= 5, 'the control: there are such secrets')
})

test('an account whose letter case or outer white space changes is the same account', () => {
  const held = holds({ ...gls, contact_id: ' aBc', portal_password: 'p' })
  const body = { nickname: 'n', ...gls, contact_id: 'AbC' }
  const plan = update('gls_germany_shipit', held, body)
  assert.deepEqual([plan.accountChanged, plan.changed], [false, ['contact_id']])
  assert.deepEqual(plan.credentials, { ...gls, contact_id: 'AbC', portal_password: 'p' })
  const other = update('gls_germany_shipit', held, { ...body, contact_id: 'a bc' })
  assert.deepEqual([other.accountChanged, other.changed], [true, ['contact_id', 'portal_password']])
})

test('an account number that is a number is compared as one', () => {
  const held = holds({ merchant_id: 5, mailer_id: 1, induction_site: 'x' })
  const body = { nickname: 'n', induction_site: 'x' }
  assert.equal(update('newgistics', held, { ...body, merchant_id: 5 }).accountChanged, false)
  assert.equal(update('newgistics', held, { ...body, merchant_id: 50 }).accountChanged, true)
})

test('a merge keeps what the body leaves out, and null clears one; a replacement drops the rest', () => {
  const held = holds({ ...gls, portal_username: 'u', customer_id: 'k' })
  const plan = update('gls_germany_shipit', held, {
    nickname: 'n',
    ...gls,
    client_secret: 't',
    customer_id: null,
  })
  assert.deepEqual(plan.credentials, { ...gls, client_secret: 't', portal_username: 'u' })
  assert.deepEqual(plan.changed, ['client_secret', 'customer_id'])

  const carrier = findByScac('FXFE') ?? assert.fail()
  const body = { credentials: { key: 'k2', account_number: 'B2' } }
  const { fields } = ltlForm(carrier, body)
  const acceptedBody = { credentials: new Secret(body.credentials), settings: new Secret({}), given: [] }
  const before = holds({ key: 'k', account_number: 'A1', password: 'p', username: 'u' })
  const replaced = planChange(carrier, before, { form: fields, acceptedBody, how: 'replace' })
  assert.deepEqual(replaced.credentials, body.credentials)
  assert.deepEqual(replaced.changed, ['key', 'account_number', 'password', 'username'])
})

test('an object is replaced whole, and cleared by null', () => {
  const held = holds({
    account_number: 'A1',
    password: 'p',
    injection_address_heading: { title: 'T', city: 'C' },
  })
  const body = { nickname: 'n', account_number: 'A1', password: 'p' }
  const whole = update('chronopost', held, { ...body, injection_address_heading: { city: 'D' } })
  assert.deepEqual(whole.credentials.injection_address_heading, { city: 'D' })
  assert.deepEqual(whole.changed, ['injection_address_heading'])
  const cleared = update('chronopost', held, { ...body, injection_address_heading: null })
  assert.ok(!('injection_address_heading' in cleared.credentials))
  assert.deepEqual(update('chronopost', held, body).credentials, held.credentials)
})

test('what changed is named by its wire name, once, and what stays as it was is not', () => {
  assert.deepEqual(update('ups', ups(), { ...upsBody, account_number: 'A1' }).changed, [])
  const body = {
    ...upsBody,
    nickname: 'm',
    mail_innovations_customer_guid: 'g',
    use_ground_freight_pricing: true,
  }
  assert.deepEqual(update('ups', ups(), { ...body, is_primary_account: true, invoice: null }).changed, [
    'nickname',
    'is_primary_account',
    'mail_innovations_customer_guid',
    'use_ground_freight_pricing',
  ])
  assert.deepEqual(settle('ups', ups(), { nickname: 'm' }).nickname, 'm')
})

test('a value that is kept under another name is named as the wire names it', () => {
  const plan = settle('ups', ups(), { invoice: { invoice_number: '7' } })
  assert.deepEqual(plan.settings.invoice_details, { invoice_number: '7' })
  assert.deepEqual(plan.changed, ['invoice'])
})

test('planning leaves what is held and what was given as they were', () => {
  const held = holds({ ...gls, portal_password: 'p' })
  const before = structuredClone(held)
  update('gls_germany_shipit', held, { nickname: 'm', ...gls, contact_id: 'B2' })
  assert.deepEqual(held, before)
})
