import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LtlCarrier } from '../../../src/catalog/define.ts'
import { ltlCarriers } from '../../../src/catalog/index.ts'
import { unique } from '../../support/unique.ts'
import { valueFor } from '../../support/carriers/generate-body.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import { storedConnection } from '../../support/connections/stored-connection.ts'

type Body = Record<string, unknown>

const extended = ltlCarriers.filter(({ credentials }) =>
  Object.values(credentials).some(({ extension }) => extension),
)

/** Returns a value for each field of the carrier that Hawser adds, or for each of the others. */
const valuesOf = ({ credentials }: LtlCarrier, { isAddition }: { isAddition: boolean }): Body =>
  Object.fromEntries(
    Object.entries(credentials)
      .filter(([, { extension }]) => (extension ?? false) === isAddition)
      .map(([name, field]) => [name, valueFor(unique(name), field)]),
  )

onEveryDatabase('what Hawser adds to LTL forms', (server) => {
  for (const carrier of extended) {
    const path = `/v-beta/ltl/connections/${carrier.scacs[0]}`
    const documented = () => valuesOf(carrier, { isAddition: false })

    async function connected() {
      const [public_, additions] = [documented(), valuesOf(carrier, { isAddition: true })]
      const body = { credentials: { ...public_, ...additions } }
      const { status, json } = await server().request('POST', path, { body })
      assert.equal(status, 200)
      return { id: json.carrier_id as string, documented: public_, additions }
    }
    const put = async (id: string, credentials: Body) => {
      const { status, text } = await server().request('PUT', `${path}/${id}`, { body: { credentials } })
      assert.equal(status, 200, text)
      return (await storedConnection(server(), id)).credentials
    }

    test(`${carrier.scacs[0]}: an update that does not name it keeps it while the account stays`, async () => {
      const { id, documented: first, additions } = await connected()
      const next = { ...documented(), account_number: `  ${String(first.account_number)}`.toUpperCase() }
      assert.deepEqual(await put(id, next), { ...additions, ...next })
      const [name = ''] = Object.keys(additions)
      assert.deepEqual(await put(id, { ...next, [name]: 'another' }), {
        ...additions,
        ...next,
        [name]: 'another',
      })
      for (const empty of [null, '']) {
        const cleared = await put(id, { ...next, [name]: empty })
        assert.ok(!(name in cleared), `${empty} takes it out`)
        await put(id, { ...next, ...additions })
      }
    })

    test(`${carrier.scacs[0]}: it goes with its account, and what is documented is replaced whole`, async () => {
      const { id, documented: first } = await connected()
      assert.deepEqual(await put(id, { ...first, account_number: unique('other') }), {
        ...first,
        account_number: (await storedConnection(server(), id)).credentials.account_number,
      })
      if (carrier.demands !== 'some') return
      const again = await connected()
      const kept = { account_number: again.documented.account_number, key: 'alone' }
      assert.deepEqual(await put(again.id, kept), { ...kept, ...again.additions })
      const unnamed = { password: unique('changed') }
      assert.deepEqual(await put(again.id, unnamed), { ...unnamed, ...again.additions })
      const byLogin = { username: unique('nobody'), password: 'p' }
      assert.deepEqual(await put(again.id, byLogin), byLogin, 'who names no account of before is another')
    })

    if (carrier.demands === 'some')
      test(`${carrier.scacs[0]}: without the account number, what somebody logs in with tells accounts apart`, async () => {
        for (const first of [documented(), { username: unique('u'), password: 'p' }] as Body[]) {
          const additions = valuesOf(carrier, { isAddition: true })
          const body = { credentials: { ...first, ...additions } }
          const { json } = await server().request('POST', path, { body })
          const same = { username: ` ${String(first.username).toUpperCase()}`, password: 'another' }
          assert.deepEqual(await put(json.carrier_id, same), { ...same, ...additions })
          const other = { username: unique('other'), password: 'p' }
          assert.deepEqual(await put(json.carrier_id, other), other)
        }
        const { id } = await connected()
        const additions = valuesOf(carrier, { isAddition: true })
        await put(id, { password: 'p', ...additions })
        const named = { account_number: unique('named'), password: 'p' }
        assert.deepEqual(await put(id, named), named, 'nothing says that it is the account of before')
      })

    test(`${carrier.scacs[0]}: the catalog has it, the documented list has not`, async () => {
      const names = Object.keys(valuesOf(carrier, { isAddition: true }))
      const id = (await connected()).id
      const { text } = await server().request('GET', `/v-beta/ltl/carriers/${id}`)
      const required = await server().request(
        'GET',
        `/v-beta/ltl/carriers/${carrier.scacs[0]}/credential_requirements`,
      )
      for (const name of names) for (const shown of [text, required.text]) assert.ok(!shown.includes(name))
    })
  }
})
