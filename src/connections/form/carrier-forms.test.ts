import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ltlCarriers } from '../../catalog/index.ts'
import { validate } from '../../catalog/forms/validate.ts'
import { ltlForm } from './carrier-forms.ts'

const PUBLIC = ['account_number', 'key', 'password', 'secret', 'securitycode', 'username']

for (const carrier of ltlCarriers) {
  const additions = Object.keys(carrier.credentials).filter((name) => carrier.credentials[name]?.extension)
  const problems = (names: readonly string[], value: string | null = 'a value') => {
    const body = { credentials: Object.fromEntries(names.map((name) => [name, value])) }
    const accepted = validate(ltlForm(carrier, body), body)
    return Array.isArray(accepted) ? accepted.map(({ kind, field }) => `${kind} ${field}`) : []
  }

  test(`${carrier.id}: what Hawser adds to the public form is no credential by itself`, () => {
    const bodies = [[], additions, ...additions.map((name) => [name])]
    for (const names of bodies) {
      const found = problems(names)
      if (carrier.demands === 'none') assert.deepEqual(found, [])
      else if (carrier.demands === 'some') assert.deepEqual(found, ['required credentials'], names.join())
      else for (const problem of found) assert.match(problem, /^required credentials\./)
      assert.equal(found.length > 0, carrier.demands !== 'none', names.join())
    }
  })

  if (carrier.demands === 'some')
    test(`${carrier.id}: any of the six public names is enough, with and without what is added`, () => {
      for (const name of PUBLIC) {
        assert.deepEqual(problems([name]), [])
        assert.deepEqual(problems([name, ...additions]), [])
        assert.deepEqual(problems([name], null), ['required credentials'])
      }
    })
}

test('the control: there are carriers to which something is added', () => {
  const added = ltlCarriers.filter(({ credentials, demands }) =>
    Object.values(credentials).some(({ extension }) => extension && demands === 'some'),
  )
  assert.ok(added.length >= 2)
})
