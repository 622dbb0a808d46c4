import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { ltlCarriers, parcelCarriers } from '../src/catalog/index.ts'
import {
  applyRules,
  verify,
  type Call,
  type Material,
  type Reply,
  type Rule,
  type VerificationOutcome,
} from '../src/catalog/verification.ts'
import { findUnsendable } from '../src/catalog/sendable.ts'
import { findSimulated } from '../src/simulator/find-simulated.ts'
import { simulatedCarriers } from '../src/simulator/index.ts'
import { weather } from '../src/simulator/weather.ts'
import { verificationMaterial } from './support/carriers/verification-material.ts'

const SECRET = 'Zq7-planted-secret'
const HOSTILE = [
  ...[
    '.',
    '..',
    '...',
    '%2e%2e',
    '/',
    '//',
    '\\',
    '../..',
    '..;',
    '?',
    '#',
    '@',
    ':',
    ' ',
    '%00',
    '\0',
    '\t',
    '\r\n',
  ],
  ...[
    '//evil.example',
    '@evil.example',
    'https://evil.example/',
    '\u2024\u2024',
    '\uff0e\uff0e',
    '\ud800',
    '\u200b',
  ],
  `a/../?&#@evil.example"'<>]]>&amp;%00`,
]
const REFUSALS: readonly VerificationOutcome[] = ['invalid_credentials', 'not_entitled']

const withRecipe = [...parcelCarriers, ...ltlCarriers].filter(({ verify }) => verify)

test('every carrier that can be asked is simulated, and no other', () => {
  assert.deepEqual(
    simulatedCarriers.map(({ carrier }) => carrier).sort(),
    withRecipe.map(({ id }) => id).sort(),
  )
})

for (const carrier of withRecipe) {
  const recipe = carrier.verify
  const simulated = findSimulated(carrier.id)
  if (!recipe || !simulated) continue
  const material = verificationMaterial(carrier)
  const account = { values: material.values, operator: material.operator }

  describe(`${carrier.id}: what the carrier answers`, () => {
    const used = new Set<Rule>()
    const verifyWith = (answer: (call: Call) => Reply, from: Material = material) => {
      let step = 0
      return verify(recipe, from, async (call) => {
        const reply = answer(call)
        const current = recipe.steps[step++]
        assert.ok(current)
        const { rule } = applyRules(current, reply, current.read(reply), from)
        if (rule) used.add(rule)
        return reply
      })
    }

    test('a token of any step is nowhere in what is read and found', async () => {
      const [shown, tokens] = [[] as unknown[], [] as string[]]
      let step = 0
      const answer = await verify(recipe, material, async (call) => {
        const reply = simulated.answer(call, [account])
        const reading = recipe.steps[step++]?.read(reply)
        shown.push(reading)
        tokens.push(...(reading?.minted ? [reading.minted.token.reveal()] : []))
        return reply
      })
      shown.push(answer)
      const all = [inspect(shown, { depth: 9, showHidden: true }), JSON.stringify(shown)]
      for (const text of all)
        for (const token of tokens) assert.ok(!text.toLowerCase().includes(token.toLowerCase()))
      assert.ok(tokens.length > 0 || !recipe.mints, 'the control: it minted one')
    })

    test('the right credentials are verified', async () => {
      const answer = await verifyWith((call) => simulated.answer(call, [account]))
      assert.equal(answer.outcome, 'verified', answer.because)
      const isKept = (answer.minted?.seconds ?? 0) > 0
      assert.equal(isKept, recipe.mints === true, 'a token of the caller’s own that lasts is what it mints')
    })

    test('an account that the carrier does not know is refused', async () => {
      const stranger = { values: {}, operator: material.operator }
      const { outcome } = await verifyWith((call) => simulated.answer(call, [stranger]))
      assert.ok(REFUSALS.includes(outcome), outcome)
    })

    test('what its calls carry of the settings is named, so that a change of it needs a new verification', () => {
      const signIn = carrier.mode === 'parcel' ? carrier.signIn?.verify : undefined
      const fields = carrier.mode === 'parcel' ? (carrier.settings ?? {}) : {}
      for (const verification of [recipe, ...(signIn ? [signIn] : [])]) {
        const carried = new Set<string>()
        const values = new Proxy(material.values, {
          get: (held, name: string) => (carried.add(name), held[name] ?? `made-up-${name}`),
        })
        for (const step of verification.steps) step.call({ ...material, values })
        const named = new Set([...verification.needs, ...(verification.uses ?? [])])
        assert.deepEqual(
          [...carried].filter((name) => name in fields && !named.has(name)),
          [],
        )
        for (const name of verification.uses ?? []) assert.ok(carried.has(name), `${name} is not carried`)
      }
    })

    test('values of the operator that the carrier does not know speak against the platform', async () => {
      for (const name of recipe.operator) {
        const operator = { ...material.operator, [name]: `${SECRET}1` }
        const { outcome } = await verifyWith((call) => simulated.answer(call, [account]), {
          ...material,
          operator,
        })
        assert.equal(outcome, 'platform_misconfigured', name)
      }
    })

    test('any other value of a credential that the verification needs is not verified', async () => {
      for (const name of recipe.needs) {
        const values = { ...material.values, [name]: `${SECRET}1` }
        const { outcome } = await verifyWith((call) => simulated.answer(call, [account]), {
          ...material,
          values,
        })
        assert.ok(REFUSALS.includes(outcome), `${name}: ${outcome}`)
      }
    })

    for (const [name, script] of [...Object.entries(simulated.scripts), ...Object.entries(weather)])
      test(`${name} is ${script.outcome}`, async () => {
        const answer = await verifyWith((call) => script.reply(call) ?? simulated.answer(call, [account]))
        assert.equal(answer.outcome, script.outcome, answer.because)
      })

    test('nothing that carries no answer verifies anything', async () => {
      for (const status of [200, 201, 204, 301, 400, 404, 418, 500, 503])
        for (const body of ['', 'ok', '<html></html>', '{', 'null', '[]', '<a/>', '<a>'])
          for (const type of ['text/html', 'application/json', 'text/xml']) {
            const reply = { status, headers: { 'content-type': type }, body }
            const { outcome } = await verifyWith(() => reply)
            assert.ok(
              outcome === 'unavailable' || outcome === 'inconclusive' || status >= 400,
              `${status} ${type} ${body}: ${outcome}`,
            )
            if (body === '' || type === 'text/html') assert.notEqual(outcome, 'verified')
          }
    })

    test('every rule is reached by an answer', () => {
      const rules = recipe.steps.flatMap(({ rules }) => rules)
      assert.deepEqual(
        rules.filter((rule) => !used.has(rule)).map(({ then, because }) => `${then}: ${because}`),
        [],
      )
    })

    test('calls go to the hosts of the recipe, over TLS, and values cannot leave their place', async () => {
      const depthOf = (url: URL) => url.pathname.split('/').length
      // The calls are compared after the verification, because a verification never rejects, whatever its calls throw.
      const callsFor = async (values: Material['values']) => {
        const calls: Call[] = []
        await verify(recipe, { ...material, values }, async (call) => {
          calls.push(call)
          return simulated.answer(call, [{ values, operator: material.operator }])
        })
        return calls
      }
      const usual = (await callsFor(material.values)).map(({ url }) => new URL(url))
      assert.ok(usual.length > 0 && usual.every(({ hostname }) => recipe.hosts.includes(hostname)))
      const names = Object.keys(carrier.mode === 'ltl' ? carrier.credentials : carrier.connect)
      for (const name of new Set([...names, ...Object.keys(material.values)]))
        for (const hostile of HOSTILE) {
          const values = { ...material.values, [name]: hostile }
          const what = `${name}: ${JSON.stringify(hostile)}`
          const calls = await callsFor(values)
          for (const [step, call] of calls.entries()) {
            const [url, before] = [new URL(call.url), usual[step]]
            assert.ok(before, what)
            assert.equal(url.protocol, 'https:', what)
            assert.equal(url.username + url.password, '', what)
            assert.equal(url.host, before.host, what)
            assert.equal(depthOf(url), depthOf(before), what)
            assert.equal(url.search, before.search, what)
            assert.equal(url.hash, '', what)
            if (call.body?.startsWith('<')) assert.ok(!call.body.includes('"\'<>'), what)
          }
          const isKept = findUnsendable(recipe, { ...material, values }).length > 0
          assert.ok(calls.length > 0 || isKept, `${what}: what is not sent is known before`)
        }
    })

    test('a value that cannot stand in its place is found, by its name, and others are not', () => {
      const found = (values: Material['values']) => findUnsendable(recipe, { ...material, values })
      assert.deepEqual(found(material.values), [])
      for (const name of recipe.needs)
        for (const text of ['abcd\u200b', '\u201cabcd\u201d', '..', '\ud800']) {
          const known = found({ ...material.values, [name]: text })
          assert.ok(
            known.length === 0 || (known.length === 1 && known[0] === name),
            `${name}: ${known.join()}`,
          )
          const both: Material['values'] = Object.fromEntries(recipe.needs.map((one) => [one, text]))
          assert.equal(found(both).includes(name), known.length === 1, `${name} among others`)
        }
    })
  })
}
