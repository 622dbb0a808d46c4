import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { storedCarrier } from '../../../src/catalog/find-carrier.ts'
import { STATES } from '../../../src/connections/carrier/verification-result.ts'
import { UNVERIFIED_REASONS } from '../../../src/connections/verification/why-unverified.ts'
import type { NewConnection } from '../../../src/store/schema/tables.ts'
import { foldText } from '../../../src/store/tables/connections/search-terms.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import { connectionRow, insertConnectionRows } from '../../support/database/connection-rows.ts'

type Found = {
  carrier_id: string
  state: string
  unverified: null | { reason: string; settings: string[] }
  account: null | { account_id: string; company_name: string; active: boolean }
}

const CARRIERS = ['stamps_com', 'dhl_express', 'ups', 'mondial_relay', 'dhl_express_ca', 'access_worldwide']
const NAMES = [
  'Łódź Nord',
  'Zürich 2',
  'STRASSE 7',
  'O’Neil & Sons',
  '東京倉庫',
  'a-1 Shipping',
  'Äpfel',
  null,
]
const SORTS = ['state_since', 'created_at', 'nickname'].flatMap((name) => [name, `-${name}`])

/** Makes connections of every state and every carrier, so many that there are several pages. */
const mixed = (tenantId: string, count: number, start = 0): NewConnection[] =>
  Array.from({ length: count }, (_, index) => {
    const number = start + index
    const state = STATES[number % STATES.length] ?? 'verified'
    const isLtl = number % 7 === 0
    const waits = number % 11 === 0
    return connectionRow({ tenantId }, number, {
      carrier_id: `se-${(number * 7919).toString(32)}x${number}`,
      ...(isLtl
        ? { mode: 'ltl', carrier: 'CNWY', scac: 'XPOL' }
        : { carrier: CARRIERS[number % CARRIERS.length] ?? '' }),
      nickname: NAMES[number % NAMES.length] ?? null,
      state: waits ? 'unverified' : state,
      connection_status: waits ? 'pending_approval' : 'approved',
      ...(state === 'unverified' && number % 2 === 0 ? {} : { checked_at: '2026-02-01T00:00:00.000Z' }),
      ...(number % 3 === 0
        ? { state_since: `2026-03-${String((number % 28) + 1).padStart(2, '0')}T00:00:00.000Z` }
        : {}),
    })
  })

onEveryDatabase('connections are found', (server) => {
  let key: string
  let partner: string
  let rows: NewConnection[]
  let accounts: string[]
  const find = async (query: string, by = key) => {
    const answer = await server().request('GET', `/v1/connections?${query}`, { key: by })
    assert.equal(answer.status, 200, `${query}: ${answer.text}`)
    return answer.json
  }
  const ids = (page: { connections: Found[] }) => page.connections.map(({ carrier_id }) => carrier_id)
  const all = async (query: string, by = key, size = 19) => {
    const found: string[] = []
    let pages = 0
    for (let cursor = ''; ; pages += 1) {
      const page = await find(`${query}&page_size=${size}${cursor && `&cursor=${cursor}`}`, by)
      found.push(...ids(page))
      assert.equal(page.page, pages + 1)
      if (page.next === null) return { found, total: page.total, counts: page.counts }
      cursor = page.next
    }
  }

  before(async () => {
    const tenantId = await server().newTenant('a partner')
    partner = await server().newKey({ tenantId, scopes: ['partner'] })
    accounts = []
    for (const company_name of ['One Ltd', 'Two Ltd', 'Three Ltd']) {
      const body = { company_name, origin_country_code: 'US' }
      const { json } = await server().request('POST', '/v1/partners/accounts', { key: partner, body })
      accounts.push(json.account_id)
    }
    rows = accounts.flatMap((account, index) => mixed(account, index === 0 ? 60 : 20, index * 60))
    for (const account of accounts)
      await insertConnectionRows(
        server(),
        rows.filter(({ tenant_id }) => tenant_id === account),
      )
    key = await server().newKey({ tenantId: accounts[0] ?? '' })
  })

  const ours = () => rows.filter(({ tenant_id }) => tenant_id === accounts[0])
  const waits = (row: NewConnection) => row.connection_status === 'pending_approval'
  const needs = (row: NewConnection) => waits(row) || ['needs_reauth', 'action_required'].includes(row.state)
  const since = (row: NewConnection) => row.state_since ?? row.created_at
  const reasonOf = (row: NewConnection) => {
    if (row.state !== 'unverified') return undefined
    if (waits(row)) return 'waits_for_sign_in'
    if (row.checked_at) return 'proved_nothing'
    if (row.carrier === 'access_worldwide' || row.carrier === 'dhl_express_ca') return 'cannot_be_asked'
    return ['ups', 'stamps_com', 'CNWY'].includes(row.carrier) ? 'needs_setting' : 'not_asked_yet'
  }
  const FILTERS: [query: string, fits: (row: NewConnection) => boolean][] = [
    ['', () => true],
    ['state=needs_reauth', (row) => row.state === 'needs_reauth'],
    ['state=needs_reauth,action_required', (row) => /needs_reauth|action_required/.test(row.state)],
    [
      'state=verified&state=degraded',
      (row) => /verified$|degraded/.test(row.state) && row.state !== 'unverified',
    ],
    ['attention=true', needs],
    ['attention=false', (row) => !needs(row)],
    ['connection_status=pending_approval', waits],
    ['connection_status=approved&state=unverified', (row) => !waits(row) && row.state === 'unverified'],
    ['carrier=DHL-Express', (row) => row.carrier === 'dhl_express'],
    ['carrier=dhl_express_ca', (row) => row.carrier === 'dhl_express_ca'],
    ['carrier=CNWY', (row) => row.carrier === 'CNWY'],
    ['scac=cnwy', (row) => row.carrier === 'CNWY'],
    ['scac=XPOL&attention=true', (row) => row.carrier === 'CNWY' && needs(row)],
    ['scac=XPOL&carrier=ups', () => false],
    ['older_than=2026-03-10', (row) => since(row) < '2026-03-11'],
    [
      'older_than=2026-03-10&state=verified&carrier=ups',
      (row) => since(row) < '2026-03-11' && row.state === 'verified' && row.carrier === 'ups',
    ],
    ['q=lodz', (row) => row.nickname === 'Łódź Nord'],
    ['q=nord%20Ł', (row) => row.nickname === 'Łódź Nord'],
    ['q=stra%C3%9Fe', (row) => row.nickname === 'STRASSE 7'],
    ['q=oneil', (row) => row.nickname === 'O’Neil & Sons'],
    ['q=apfel&attention=true', (row) => row.nickname === 'Äpfel' && needs(row)],
    ['q=%E5%80%89%E5%BA%AB', (row) => row.nickname === '東京倉庫'],
    ['q=a-1', (row) => row.nickname === 'a-1 Shipping'],
    ['q=acc-1', (row) => String(row.account_number).startsWith('ACC-1')],
    [
      'q=2&older_than=2026-03-10',
      (row) =>
        (row.nickname === 'Zürich 2' ||
          String(row.account_number).startsWith('ACC-2') ||
          row.carrier_id.startsWith('se-2')) &&
        since(row) < '2026-03-11',
    ],
    ...UNVERIFIED_REASONS.map((reason): [string, (row: NewConnection) => boolean] => [
      `unverified=${reason}`,
      (row) => reasonOf(row) === reason,
    ]),
    [
      'unverified=cannot_be_asked,needs_setting',
      (row) => /cannot_be_asked|needs_setting/.test(reasonOf(row) ?? ''),
    ],
  ]
  const bytes = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other))
  const inOrder = (list: readonly NewConnection[], sort: string) => {
    const by: Record<string, (row: NewConnection) => string> = {
      state_since: since,
      created_at: ({ created_at }) => created_at,
      nickname: ({ nickname }) => ((nickname ?? null) === null ? '1' : `0${foldText(nickname ?? '')}`),
    }
    const read = by[sort.replace('-', '')] as (row: NewConnection) => string
    const up = list.toSorted((a, b) => bytes(read(a), read(b)) || bytes(a.carrier_id, b.carrier_id))
    return (sort.startsWith('-') ? up.toReversed() : up).map(({ carrier_id }) => carrier_id)
  }

  test('by every filter in every order, page after page, by one account and by its partner', async () => {
    for (const [index, [query, fits]] of FILTERS.entries())
      for (const [turn, sort] of SORTS.entries())
        for (const [by, list] of (index + turn) % 3 === 0
          ? ([
              [key, ours()],
              [partner, rows],
            ] as const)
          : ([[key, ours()]] as const)) {
          const wanted = inOrder(list.filter(fits), sort)
          const { found, total } = await all(`${query}&sort=${sort}`, by)
          assert.deepEqual(found, wanted, `${query} ${sort}`)
          assert.equal(total, wanted.length, query)
          const second = await find(`${query}&sort=${sort}&page=2&page_size=19`, by)
          assert.deepEqual(ids(second), wanted.slice(19, 38), `${query} ${sort}, page 2`)
        }
  })

  test('and are counted by state, whatever state is asked for', async () => {
    for (const [by, list] of [
      [key, ours()],
      [partner, rows],
    ] as const)
      for (const [query, fits] of [
        ['state=verified', () => true],
        ['carrier=ups&attention=true', ({ carrier }: NewConnection) => carrier === 'ups'],
        ['scac=CNWY&q=zzz', ({ carrier }: NewConnection) => carrier === 'CNWY'],
      ] as [string, (row: NewConnection) => boolean][]) {
        const { counts } = await find(query, by)
        const of = list.filter(fits)
        const number = (test: (row: NewConnection) => boolean) => of.filter(test).length
        assert.deepEqual(counts, {
          ...Object.fromEntries(STATES.map((state) => [state, number((row) => row.state === state)])),
          attention: number(needs),
          unverified_by_reason: Object.fromEntries(
            UNVERIFIED_REASONS.map((reason) => [reason, number((row) => reasonOf(row) === reason)]),
          ),
        })
      }
  })

  test('and those that are unverified say why, and which settings are missing', async () => {
    const { connections } = (await find('page_size=500')) as { connections: Found[] }
    for (const { carrier_id, unverified } of connections) {
      const row = rows.find((one) => one.carrier_id === carrier_id) as NewConnection
      const settings =
        reasonOf(row) === 'needs_setting'
          ? (storedCarrier(row.carrier).verify?.operator ?? []).map((name) => `HAWSER_${name.toUpperCase()}`)
          : []
      assert.deepEqual(unverified, reasonOf(row) ? { reason: reasonOf(row), settings } : null)
    }
  })

  test('a partner sees whose they are, and an account does not say', async () => {
    const { connections } = (await find('page_size=500', partner)) as { connections: Found[] }
    for (const { carrier_id, account } of connections) {
      const row = rows.find((one) => one.carrier_id === carrier_id)
      assert.equal(account?.account_id, row?.tenant_id)
      assert.match(account?.company_name ?? '', /^(One|Two|Three) Ltd$/)
    }
    assert.ok(
      ((await find('')) as { connections: Found[] }).connections.every(({ account }) => account === null),
    )
    const headers = { 'On-Behalf-Of': accounts[1] ?? '' }
    const one = await server().request('GET', '/v1/connections?page_size=500', { key: partner, headers })
    assert.deepEqual(
      ids(one.json).toSorted(),
      rows
        .filter(({ tenant_id }) => tenant_id === accounts[1])
        .map(({ carrier_id }) => carrier_id)
        .toSorted(),
    )
    assert.equal(one.json.connections[0].account, null)
  })

  test('a partner sees accounts that are disabled, marked so, and none of another partner, of the other environment or of its own', async () => {
    const path = `/v1/partners/accounts/${accounts[2]}/disable`
    const disabled = await server().request('PUT', path, { key: partner })
    assert.ok(disabled.status < 300, disabled.text)
    const { connections } = (await find('page_size=500', partner)) as { connections: Found[] }
    for (const { account } of connections) assert.equal(account?.active, account?.account_id !== accounts[2])

    const tenantId = await server().newTenant('another partner')
    const foreign = await server().newKey({ tenantId, scopes: ['partner'] })
    await insertConnectionRows(server(), [
      connectionRow({ tenantId }, 900, { nickname: 'of a partner itself' }),
    ])
    const body = { company_name: 'Foreign Ltd', origin_country_code: 'US' }
    const { json } = await server().request('POST', '/v1/partners/accounts', { key: foreign, body })
    await insertConnectionRows(server(), [connectionRow({ tenantId: json.account_id }, 901)])
    const sandbox = connectionRow({ tenantId: json.account_id, environment: 'sandbox' }, 902)
    await insertConnectionRows(server(), [sandbox])
    for (const query of ['', 'q=se-many901', 'q=shop', 'carrier=stamps_com', 'sort=nickname']) {
      assert.deepEqual(ids(await find(query, foreign)), ['se-many901'], query)
      assert.ok(!ids(await find(`${query}&page_size=500`, partner)).includes('se-many901'), query)
    }
    const sandboxKey = await server().newKey({ tenantId, scopes: ['partner'], environment: 'sandbox' })
    assert.deepEqual(ids(await find('', sandboxKey)), ['se-many902'])
    const { next } = await find('page_size=1', partner)
    assert.ok(
      !ids(await find(`cursor=${next}`, foreign)).some((id) => rows.some((row) => row.carrier_id === id)),
    )
  })

  test('and what is not there to be asked for is refused by its name', async () => {
    const { next } = await find('page_size=1')
    for (const [query, field, hint = ''] of [
      ['state=need_reauth', 'state', 'did you mean needs_reauth?'],
      ['state=', 'state'],
      ['state=verified,', 'state'],
      ['unverified=x', 'unverified'],
      ['attention=yes', 'attention'],
      ['carrier=stamps_comm', 'carrier', 'did you mean stamps_com?'],
      ['carrier=', 'carrier'],
      ['scac=stamps_com', 'scac'],
      ['scac=TEST', 'scac'],
      ['sort=password', 'sort'],
      ['q=', 'q'],
      ['q=---', 'q'],
      [`q=${'a'.repeat(101)}`, 'q'],
      ['q=a%20b%20c%20d%20e%20f%20g%20h%20i', 'q'],
      ['cursor=x', 'cursor'],
      [`cursor=${Buffer.from('[]').toString('base64url')}`, 'cursor'],
      [`cursor=${next}&sort=nickname`, 'sort'],
      [`cursor=${next}&page=2`, 'page'],
      ['page_size=501', 'page_size'],
      ['older_than=x', 'older_than'],
      ['quarter=1', 'quarter'],
    ] as [string, string, string?][]) {
      const { status, json, text } = await server().request('GET', `/v1/connections?${query}`, { key })
      assert.deepEqual([status, json.errors[0]?.field_name], [400, field], query)
      assert.ok(text.includes(hint), text)
    }
  })

  test('by a word that very many have, page after page, without a total and without a number of the page', async () => {
    const tenantId = await server().newTenant()
    const crowd = Array.from({ length: 2_300 }, (_, number) =>
      connectionRow({ tenantId }, 5_000 + number, {
        nickname: number % 10 === 0 ? `Rare ${number}` : `Often ${number}`,
      }),
    )
    await insertConnectionRows(server(), crowd)
    const by = await server().newKey({ tenantId })
    const often = crowd.filter(({ nickname }) => nickname?.startsWith('Often'))
    const { found, total } = await all('q=often&sort=-created_at', by, 500)
    assert.deepEqual(found, often.map(({ carrier_id }) => carrier_id).toReversed())
    assert.equal(total, null)
    assert.equal((await find('q=often', by)).pages, null)
    const refused = await server().request('GET', '/v1/connections?q=often&page=2', { key: by })
    assert.deepEqual([refused.status, refused.json.errors[0].field_name], [400, 'page'])
    assert.equal((await find('q=rare&page=2&page_size=100', by)).total, 230)
    assert.equal((await find('q=often%20often%201999', by)).total, 1)
  })

  test('a page goes on where it ended, though what stood there is gone', async () => {
    const first = await find('page_size=3&sort=created_at')
    const last = ids(first).at(-1) ?? ''
    const tenantId = accounts[0] ?? ''
    await server().ctx.store.transaction(tenantId, (tx) =>
      tx.deleteFrom('connection').where('carrier_id', '=', last).execute(),
    )
    const wanted = inOrder(ours(), 'created_at').slice(3, 6)
    assert.deepEqual(ids(await find(`page_size=3&sort=created_at&cursor=${first.next}`)), wanted)
  })
})
