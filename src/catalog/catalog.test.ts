import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { Carrier, Field, Fields } from './define.ts'
import { findByScac, findCarrier, findCarrierById } from './find-carrier.ts'
import { ltlCarriers, parcelCarriers } from './index.ts'
import { formSchema, SHOWN_TEXT } from './forms/json-schema.ts'

const carriers: readonly Carrier[] = [...parcelCarriers, ...ltlCarriers]

/** Lists the forms of a carrier, each once. */
const formsOf = (carrier: Carrier): Fields[] =>
  carrier.mode === 'ltl'
    ? [carrier.credentials]
    : [...new Set([carrier.connect, carrier.update, carrier.settings])].filter((form) => form !== undefined)

const fieldsOf = (fields: Fields): [string, Field][] =>
  Object.entries(fields).flatMap(([name, field]) => [
    [name, field] as [string, Field],
    ...(field.type === 'object' ? fieldsOf(field.members) : []),
  ])

// Ids are sealed into every envelope: the generator of this list refuses where an id that a release has had is gone.
const { released, unreleased } = JSON.parse(
  readFileSync(join(import.meta.dirname, 'ids.json'), 'utf8'),
) as Record<'released' | 'unreleased', string[]>
const IDS = [...released, ...unreleased].sort()

test('the ids of the carriers are the frozen ones, each once', () => {
  assert.deepEqual(carriers.map(({ id }) => id).sort(), IDS)
  for (const carrier of carriers) assert.equal(findCarrierById(carrier.id), carrier)
})

test('names are in snake case, SCACs are two to four capital letters, and no two carriers share one', () => {
  const names = parcelCarriers.flatMap(({ name, aliases }) => [name, ...aliases])
  const scacs = ltlCarriers.flatMap((carrier) => carrier.scacs)
  for (const name of names) assert.match(name, /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/)
  for (const scac of scacs) assert.match(scac, /^[A-Z]{2,4}$/)
  const all = [...names, ...scacs.map((scac) => scac.toLowerCase())]
  assert.equal(new Set(all).size, all.length)
})

test('a carrier is found by its names in any spelling, and by nothing else', () => {
  for (const text of ['', 'toString', '__proto__', 'ups ', 'FXFE'])
    assert.equal(findCarrier(text) ?? findByScac(`${text}X`) ?? findCarrierById(`${text}!`), undefined, text)
  for (const carrier of parcelCarriers)
    for (const name of [carrier.name, ...carrier.aliases])
      for (const spelling of [name, name.toUpperCase(), name.replaceAll('_', '-')])
        assert.equal(findCarrier(spelling), carrier)
  for (const carrier of ltlCarriers)
    for (const scac of carrier.scacs)
      for (const spelling of [scac, scac.toLowerCase()]) assert.equal(findByScac(spelling), carrier)
})

test('every file is named for its carrier, and every carrier is in the registry', async () => {
  const expected = {
    parcel: parcelCarriers.map((carrier) => [`${carrier.name.replaceAll('_', '-')}.ts`, carrier] as const),
    ltl: ltlCarriers.map((carrier) => [`${carrier.scacs[0].toLowerCase()}.ts`, carrier] as const),
  }
  for (const [folder, entries] of Object.entries(expected)) {
    // A name with a second dot stands beside a carrier's file: its codes, its verification, its tests.
    const files = readdirSync(join(import.meta.dirname, folder)).filter((file) => /^[^.]+\.ts$/.test(file))
    assert.deepEqual(entries.map(([file]) => file).sort(), files.sort())
    for (const [file, carrier] of entries)
      assert.equal((await import(`./${folder}/${file}`)).default, carrier, file)
  }
})

for (const carrier of carriers) {
  test(`${carrier.id}: every field says what it is, whether it is secret, and what it takes`, () => {
    for (const [name, field] of formsOf(carrier).flatMap(fieldsOf)) {
      assert.match(name, /^[A-Za-z][A-Za-z0-9_-]*$/)
      assert.match(field.label, /^[A-Z].*\S$/, name)
      assert.equal(typeof field.secret, 'boolean', name)
      assert.ok(!(field.secret && field.identifier), `${name} is an identifier and a secret`)
      if (field.type !== 'string') continue
      assert.ok((field.minLength ?? 0) <= (field.maxLength ?? Infinity), name)
      assert.ok(
        !field.enum || (field.enum.length > 1 && new Set(field.enum).size === field.enum.length),
        name,
      )
      const { pattern = '^$' } = field
      assert.match(pattern, /^\^[^|]*\$$/, `the pattern of ${name} is not anchored at both ends`)
      assert.doesNotMatch(pattern, /\\[1-9k]/, `the pattern of ${name} refers back`)
    }
  })

  test(`${carrier.id}: what it refers to exists, and where it comes from is said`, () => {
    assert.match(carrier.docs, /\S{5}/)
    assert.match(carrier.title, /^\S.*\S$/)
    if (carrier.closed) assert.match(carrier.closed.reason, /^[A-Z].*\.$/)
    for (const country of carrier.countries ?? []) assert.match(country, /^[A-Z]{2}$/)
    if (carrier.mode === 'ltl') {
      const sets = typeof carrier.demands === 'string' ? [] : carrier.demands
      for (const name of sets.flat()) assert.ok(name in carrier.credentials, name)
      return
    }
    const { connect, update, spellings, together, successor, cannotUpdate } = carrier
    const codes = carrier.services.length + carrier.packages.length + carrier.options.length
    assert.equal(carrier.codeSources.length > 0, codes > 0)
    for (const [spelling, target] of Object.entries(spellings)) {
      const [outer = '', inner] = target.split('.')
      const field = connect[outer]
      assert.ok(inner === undefined ? field : field?.type === 'object' && field.members[inner], target)
      assert.ok(!(spelling in connect), `${spelling} is a field itself`)
    }
    for (const name of together.flat()) assert.ok(connect[name] && !connect[name].required, name)
    assert.ok(successor === undefined || findCarrier(successor))
    assert.equal(update === undefined, cannotUpdate !== undefined)
    for (const field of Object.values(carrier.settings ?? {})) assert.ok(!field.required)
  })
}

test('every form is a schema that a strict validator compiles, closed, in its own order, its secrets marked', () => {
  const ajv = addFormats.default(new Ajv2020({ allErrors: true, strict: true }))
  const forms = new Set(carriers.flatMap(formsOf))
  assert.ok(forms.size > 80)
  for (const form of forms) {
    const schema = formSchema(form)
    ajv.compile(schema)
    assert.equal(schema.additionalProperties, false)
    const properties = Object.entries(schema.properties as Record<string, { writeOnly?: boolean }>)
    assert.deepEqual(
      properties.map(([name, { writeOnly = false }]) => [name, writeOnly]),
      Object.entries(form).map(([name, { secret }]) => [name, secret]),
    )
  }
  assert.throws(() => ajv.compile({ type: 'string', properties: {} }), 'the control: strictness is on')
})

/** Measures the longest time that a pattern takes for strings which are made to slow the pattern down; each string is tried three times, and the shortest of the three times counts. */
function slowest(pattern: string, length: number): number {
  const expression = new RegExp(pattern, 'u')
  const pieces = [
    'a',
    'A',
    '0',
    '-',
    '-a',
    'se-',
    'a-',
    ' ',
    '\t',
    'é',
    '😀',
    '@',
    '.',
    'a@',
    '\ud800',
    '(',
    ')',
  ]
  const strings = pieces.flatMap((piece) =>
    ['', 'se', 'se-'].flatMap((start) =>
      ['', '!', '\n', '-', '\0'].map((end) => (start + piece.repeat(length)).slice(0, length - 1) + end),
    ),
  )
  const time = (text: string) => {
    const begin = performance.now()
    expression.test(text)
    return performance.now() - begin
  }
  return Math.max(...strings.map((text) => Math.min(time(text), time(text), time(text))))
}

test('no pattern takes longer than 5 ms, whatever it is given', () => {
  const fields = carriers.flatMap(formsOf).flatMap(fieldsOf)
  const patterns = new Set(fields.flatMap(([, field]) => ('pattern' in field && field.pattern) || []))
  assert.ok(patterns.size > 0)
  for (const pattern of [...patterns, SHOWN_TEXT]) assert.ok(slowest(pattern, 512) < 5, pattern)
  const bad = [18, 20, 21, 22, 23, 24, 25, 26, 28].find((length) => slowest('^(a+)+$', length) > 5)
  assert.ok(bad, 'the control: a bad pattern is found, with far shorter strings')
})
