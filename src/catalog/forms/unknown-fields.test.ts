import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acceptFields } from './accept-fields.ts'
import type { Fields } from '../define.ts'
import { ltlCarriers, parcelCarriers } from '../index.ts'
import { suggestAnyCarrier, suggestCarrier, suggestFilter, suggestScac } from '../suggest-carrier.ts'
import { validate, type FieldProblem } from './validate.ts'

const camel = (name: string) => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
const listed = (problems: unknown): FieldProblem[] => {
  assert.ok(Array.isArray(problems))
  return problems as FieldProblem[]
}

/** Lists the path of every field of a form. */
const places = (fields: Fields, outer: string[] = []): string[][] =>
  Object.entries(fields).flatMap(([name, field]) => [
    [...outer, name],
    ...(field.type === 'object' ? places(field.members, [...outer, name]) : []),
  ])
const bodyWith = ([name = '', ...inner]: string[], value: unknown): Record<string, unknown> => ({
  [name]: inner.length === 0 ? value : bodyWith(inner, value),
})

test('a field in the letters of another house is answered with the field, of every form and at any depth', () => {
  let tried = 0
  const forms = [
    ...parcelCarriers.flatMap(({ connect, update = {}, settings = {} }) => [connect, update, settings]),
    ...ltlCarriers.map(({ credentials }) => credentials),
  ]
  for (const fields of forms)
    for (const path of places(fields)) {
      const last = path.at(-1) ?? ''
      if (camel(last) === last) continue
      const body = bodyWith([...path.slice(0, -1), camel(last)], 'Tr0ub4dor')
      const told = listed(validate({ fields }, body)).map(({ message }) => message)
      assert.ok(
        told.some((message) => message.includes(`did you mean ${path.join('.')}?`)),
        `${path.join('.')} ${told.join()}`,
      )
      assert.ok(!told.join().includes('Tr0ub4dor') && !told.join().includes(camel(last)))
      tried += 1
    }
  assert.ok(tried > 200)
})

test('all unknown fields are told at once, each where it stands, and none by a name that may be a value', () => {
  const { connect } = parcelCarriers.find(({ name }) => name === 'chronopost') ?? assert.fail()
  const body = {
    ...{ nickname: 'n', account_number: 'a', password: 'p', hunter2: 1, hunter3: 2, passwort: 3 },
    injection_address_heading: { hunter4: 1, ctiy: 2, enseigne: 3 },
  }
  assert.deepEqual(
    listed(validate({ fields: connect }, body)).map(({ message }) => message),
    [
      'injection_address_heading.enseigne is not a field of this carrier.',
      'The body has 2 fields that the carrier does not know.',
      'The body has a field that the carrier does not know; did you mean password?',
      'injection_address_heading has a field that the carrier does not know.',
      'injection_address_heading has a field that the carrier does not know; did you mean injection_address_heading.city?',
    ],
  )
})

test('a form of our own tells the same, and knows the members that are judged apart', () => {
  const fields = { name: { type: 'string', label: 'Name', secret: false } } as const
  const told = (body: Record<string, unknown>) =>
    listed(acceptFields(fields, body, ['headers'])).map(({ field, message }) => [field, message])
  assert.deepEqual(told({ nmae: 1, header: 2, username: 3, x: 4 }), [
    [undefined, 'The body has a field that has no place in it; did you mean name?'],
    [undefined, 'The body has a field that has no place in it; did you mean headers?'],
    [undefined, 'The body has 2 fields that have no place in it.'],
  ])
})

test('a carrier in almost its own words is found, of every carrier that can be connected', () => {
  for (const { name, title, closed } of parcelCarriers) {
    if (closed || name.length < 6) continue
    for (const written of [`${name.slice(0, 2)}${name.slice(3)}`, title.replaceAll(' ', '')])
      assert.match(suggestCarrier(written), new RegExp(`\\b${name} \\(`), written)
    assert.ok(suggestScac(name).includes(`/v1/connections/carriers/${name}.`), name)
  }
  for (const { scacs, sandbox, title } of ltlCarriers)
    for (const scac of scacs) {
      if (sandbox) assert.ok(!suggestCarrier(scac).includes(title))
      else assert.ok(suggestCarrier(scac.toLowerCase()).includes(`/v-beta/ltl/connections/${scac}.`), scac)
    }
})

test('postage of one company is found at those who sell it, and freight lines by their names', () => {
  assert.match(suggestCarrier('usps'), /endicia \(Endicia\), stamps_com \(Stamps\.com\)/)
  assert.match(suggestCarrier('stamps'), /stamps_com/)
  assert.match(suggestCarrier('estes'), /EXLA.*\/v-beta\/ltl/)
  assert.match(suggestScac('EXLB'), /EXLA/)
  assert.equal(suggestScac('XXXX'), '')
  for (const written of ['', 'hunter2', 'x'.repeat(9_999), '%'])
    assert.equal(suggestCarrier(written), ' GET /v1/connections/carriers lists those that there are.')
})

test('a brand, a service of it, or its short name leads to every carrier of that brand', () => {
  for (const [written, ...names] of [
    [
      'dhl',
      'dhl_ecommerce',
      'dhl_express',
      'dhl_express_au',
      'dhl_express_ca',
      'dhl_express_uk',
      'deutsche_post_dhl',
    ],
    ['dhl_paket', 'dhl_ecommerce', 'dhl_express'],
    ['fedex_ground', 'fedex', 'fedex_uk'],
    ['fedexExpress', 'fedex', 'fedex_uk'],
    ['gls', 'gls_germany_shipit'],
    ['auspost', 'australia_post'],
    ['ups_mail_innovations', 'ups'],
    ['upss', 'ups'],
  ] as const)
    for (const suggest of [suggestCarrier, suggestAnyCarrier])
      for (const name of names) assert.match(suggest(written), new RegExp(`[ ,]${name} \\(`), written)
  assert.match(
    suggestCarrier('ups_mail_innovations'),
    /^ Did you mean ups \(/,
    'who bears the name comes first',
  )
  assert.match(suggestCarrier('ups_freight'), /UPGF/)
  for (const written of ['fedex_freight', 'fedexFreight', 'FedEx Freight'])
    for (const suggest of [suggestCarrier, suggestAnyCarrier, suggestScac])
      assert.match(suggest(written), /FXFE \(FedEx Freight\)/, written)
  assert.match(suggestScac('fedex_express'), /fedex \(.*\/v1\/connections/)
})

test('every first word of a carrier’s name leads to that carrier, whatever follows it', () => {
  const open = parcelCarriers.filter(({ closed, name }) => !closed && name.includes('_'))
  for (const { name } of open) {
    const [brand = ''] = name.split('_')
    if (brand.length < 3) continue
    const others = open.filter((carrier) => carrier.name.startsWith(`${brand}_`))
    const told = suggestCarrier(`${brand}_qqqqqqqqqqqq`)
    assert.ok(others.length > 6 || told.includes(`${name} (`), `${name}: ${told}`)
  }
})

test('a filter is answered with names that it takes', () => {
  assert.equal(suggestFilter('upss', 'carrier'), '; did you mean ups?')
  assert.match(suggestFilter('dhl', 'carrier'), /dhl_ecommerce.*dhl_express/)
  assert.equal(suggestFilter('EXLB', 'scac'), '; did you mean EXLA?')
  for (const kind of ['carrier', 'scac'] as const)
    for (const nothing of ['', 'hunter2', 'x'.repeat(9_999)]) assert.equal(suggestFilter(nothing, kind), '.')
})

test('what only the name of the override contains is not taken for it', () => {
  const override = { type: 'boolean', label: 'o', secret: false, role: 'allow_duplicate' } as const
  const fields: Fields = { allow_duplicate_account_number: override }
  const told = (name: string) => listed(validate({ fields }, { [name]: true })).map(({ message }) => message)
  for (const name of ['account_number', 'accountNumber', 'duplicate'])
    assert.ok(!told(name).join().includes('did you mean'), name)
  assert.match(told('allow_duplicate_acount_number').join(), /did you mean allow_duplicate_account_number\?/)
})
