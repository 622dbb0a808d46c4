import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Carrier } from '../src/catalog/define.ts'
import { MOST_REFUSALS } from '../src/connections/carrier/limit-attempts.ts'
import {
  verifiableCarriers,
  openSimulatedCarriers,
  operatorEnv,
} from './support/carriers/simulated-carriers.ts'
import { connectBody, connectPath, newAccount } from './support/carriers/new-account.ts'
import { unique } from './support/unique.ts'
import { onEveryDatabase } from './support/server/every-database.ts'
import type { TestServer } from './support/server/test-server.ts'

const simulated = openSimulatedCarriers()
const TRIED = MOST_REFUSALS + 2

const loginOf = (carrier: Carrier) => carrier.verify?.login ?? ''
const accountOf = (carrier: Carrier) => ({ ...newAccount(carrier), [loginOf(carrier)]: unique('a-login') })
const fieldsOf = (carrier: Carrier) => (carrier.mode === 'ltl' ? carrier.credentials : carrier.connect)

/** Returns the names of the fields that take any text. */
const free = (carrier: Carrier) =>
  Object.entries(fieldsOf(carrier)).flatMap(([name, field]) =>
    field.type === 'string' && !field.enum && !field.format && !field.pattern && (field.maxLength ?? 99) > 20
      ? [name]
      : [],
  )

/** Tries to connect with wrong values under these names several times, and returns the status of each attempt. */
async function guess(
  server: TestServer,
  carrier: Carrier,
  names: readonly string[],
): Promise<(number | string)[]> {
  const account = accountOf(carrier)
  const answers = []
  for (let tried = 0; tried < TRIED; tried += 1) {
    const other = Object.fromEntries(names.map((name) => [name, unique('another-value')]))
    const body = connectBody(carrier, { ...account, ...other })
    const { status, json } = await server.request('POST', connectPath(carrier), { body })
    const isOfCarrier = status === 429 || json.errors[0].error_code === 'verification_failure'
    answers.push(isOfCarrier ? status : 'malformed')
  }
  return answers
}

const LIMITED = Array.from({ length: TRIED }, (_, index) => (index < MOST_REFUSALS ? 400 : 429))

onEveryDatabase(
  'every login',
  (server) => {
    for (const carrier of verifiableCarriers)
      test(`${carrier.id}: wrong attempts count on the login, whatever else they say`, async () => {
        const login = loginOf(carrier)
        assert.ok(carrier.verify?.needs.includes(login), 'it is asked for')
        assert.ok(fieldsOf(carrier)[login], 'it is a field')
        simulated.know(carrier.id, {})
        const others = free(carrier).filter((name) => name !== login)
        const used = others.filter((name) => name in newAccount(carrier))
        for (const names of [[], used, others]) {
          const answers = await guess(server(), carrier, names)
          if (answers[0] === 'malformed') assert.equal(names, others, 'a form that takes some of them')
          else assert.deepEqual(answers, LIMITED, names.join())
        }
        const spellings = [...Array(TRIED).keys()].map((index) => ' '.repeat(index))
        const account: Record<string, unknown> = accountOf(carrier)
        const answers = []
        for (const space of spellings) {
          const other = { ...account, [login]: `${space}${String(account[login]).toUpperCase()} ` }
          const body = connectBody(carrier, other)
          answers.push((await server().request('POST', connectPath(carrier), { body })).status)
        }
        assert.deepEqual(answers, LIMITED, 'another spelling')
        const apart = await guess(server(), carrier, [login])
        assert.deepEqual(apart, Array(TRIED).fill(400), 'another login')
      })
  },
  { env: operatorEnv, outbound: simulated.outbound },
)
