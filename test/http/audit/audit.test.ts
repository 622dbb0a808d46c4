import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actions } from '../../../src/audit/actions.ts'
import { others, parseActor } from '../../../src/audit/actors.ts'
import { verifyChain } from '../../../src/audit/list-events.ts'
import { createKey, revokeKey } from '../../../src/tenants/keys/api-keys.ts'
import { operator } from '../../../src/tenants/operator.ts'
import { newTenantWithKey } from '../../support/audit/audit-events.ts'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import { connect } from '../../support/connections/connect.ts'

const path = '/v1/connections/carriers/stamps_com'

const walk = async (...of: Parameters<typeof verifyChain>) => {
  const { head, ...walked } = await verifyChain(...of)
  assert.match(head, /^[0-9a-f]{64}$/)
  return walked
}

onEveryDatabase('audit', (server) => {
  const list = async (key: string, query = '') =>
    (await server().request('GET', `/v1/audit${query}`, { key })).json

  test('needs the scope admin', async () => {
    const key = await server().newKey({ scopes: ['read', 'write', 'use'] })
    assert.equal((await server().request('GET', '/v1/audit', { key })).status, 403)
  })

  test('every mutation is there once, newest first, with the numbers of an unbroken sequence', async () => {
    const { tenantId, key } = await newTenantWithKey(server())
    const id = await connect(server(), 'stamps_com', { key })
    await server().request('PUT', `${path}/${id}`, {
      key,
      body: { nickname: 'n', username: unique(), password: 'p' },
    })
    await server().request('PUT', `${path}/${id}`, { key, body: { nickname: 'n' } })
    await server().request('DELETE', `${path}/${id}`, { key })
    const { events, total, page, pages } = await list(key)
    assert.deepEqual([total, page, pages], [5, 1, 1])
    assert.deepEqual(
      events.map(({ seq, action }: { seq: number; action: string }) => [seq, action]),
      [
        [5, 'connection.disconnected'],
        [4, 'connection.updated'],
        [3, 'connection.connected'],
        [2, 'api_key.created'],
        [1, 'tenant.created'],
      ],
    )
    assert.deepEqual(await walk(server().ctx, tenantId), { events: 5 })
  })

  test('the connections of the events have names, also when they are deleted, until the nickname is erased', async () => {
    const { key } = await newTenantWithKey(server())
    const id = await connect(server(), 'stamps_com', { key })
    const credentials = { key: 'k', account_number: unique() }
    const ltl = (
      await server().request('POST', '/v-beta/ltl/connections/FXFE', { key, body: { credentials } })
    ).json.carrier_id as string
    const names = async () => {
      const { connections } = await list(key)
      const nameOf = (wanted: string) =>
        connections.find(({ carrier_id }: { carrier_id: string }) => carrier_id === wanted)
      assert.equal(connections.length, 2)
      assert.deepEqual(nameOf(ltl), { carrier_id: ltl, carrier: 'FXFE', nickname: null })
      return nameOf(id)
    }
    const { nickname } = connectBodies.stamps_com
    const name = { carrier_id: id, carrier: 'stamps_com', nickname }
    assert.deepEqual(await names(), name)
    await server().request('DELETE', `${path}/${id}`, { key })
    assert.deepEqual(await names(), name)
    await server().request('DELETE', `/v1/connections/tombstones/${id}/nickname`, { key })
    assert.deepEqual(await names(), { ...name, nickname: null })
    assert.deepEqual((await list(key, '?action=tenant.created')).connections, [])
  })

  test('filters by connection, actor, action and time, and pages', async () => {
    const { key } = await newTenantWithKey(server())
    const ids = [
      await connect(server(), 'stamps_com', { key }),
      await connect(server(), 'stamps_com', { key }),
    ]
    const { events } = await list(key)
    assert.equal((await list(key, `?carrier_id=${ids[0]}`)).total, 1)
    assert.equal((await list(key, '?action=connection.connected')).total, 2)
    assert.equal((await list(key, '?actor=cli')).total, 2)
    assert.equal((await list(key, `?actor=${events[0].actor}`)).total, 2)
    const later = new Date(Date.parse(events[0].at) + 1).toISOString()
    assert.equal((await list(key, `?since=${later}`)).total, 0)
    assert.equal((await list(key, `?until=${later}`)).total, 4)
    assert.equal((await list(key, `?since=2020-01-01&until=${later.replace('Z', '%2B00:00')}`)).total, 4)
    const second = await list(key, '?page=2&page_size=3')
    assert.deepEqual([second.events.length, second.page, second.pages, second.total], [1, 2, 2, 4])
  })

  test('a query that makes no sense is refused by name', async () => {
    for (const query of [
      'page=0',
      'page_size=501',
      'since=yesterday',
      'until=2026-13-01',
      'actor=a&actor=b',
      'action=connection.eaten',
      'action=',
      'action=connection.updated&action=connection.updated',
      'actor=nobody',
      'actor=key:short',
      'actor=key:0123456789abX',
      'actor=',
      'actor=constructor',
    ]) {
      const { errors } = await list(server().key, `?${query}`)
      assert.equal(errors[0].error_code, 'invalid_field_value', query)
      assert.equal(errors[0].field_name, query.split('=')[0])
    }
  })

  test('an action or an actor that was misspelt is told the one that was probably meant, and any that exists is taken', async () => {
    const { tenantId, key } = await newTenantWithKey(server())
    for (const [query, told] of [
      ['action=connection.update', /did you mean connection\.updated\?$/],
      ['action=Connection.Connected', /did you mean connection\.connected\?$/],
      ['actor=sytem', /did you mean system\?$/],
      ['actor=user:1', /^actor must be key:<id>, the id of a key, cli, system or anonymous\.$/],
    ] as const)
      assert.match((await list(key, `?${query}`)).errors[0].message, told)
    for (const action of Object.keys(actions))
      assert.ok((await list(key, `?action=${action}`)).total >= 0, action)
    for (const actor of Object.keys(others)) assert.ok((await list(key, `?actor=${actor}`)).total >= 0, actor)
    const known = await server().ctx.store.read(tenantId, (db) =>
      db.selectFrom('audit_event').select('actor').distinct().execute(),
    )
    for (const { actor } of known) assert.equal(parseActor(actor), actor)
  })

  test('the bare id of a key is that key; its events are told by its id, and whoever acts by what is told of him', async () => {
    const { ctx } = server()
    const { tenantId, key } = await newTenantWithKey(server())
    const cli = { ...operator('cli'), tenantId }
    const wanted = { environment: 'production', scopes: ['read'], description: 'of the night job' } as const
    const { keyId, text } = await createKey(ctx, cli, wanted)
    assert.equal((await server().request('GET', '/v1/audit', { key: text.reveal() })).status, 403)
    await revokeKey(ctx, cli, keyId)
    const id = await connect(server(), 'stamps_com', { key })
    const { events, actors } = await list(key)
    const own = events.find(({ carrier_id }: { carrier_id: string }) => carrier_id === id).actor
    assert.deepEqual(
      events
        .filter(({ key_id }: { key_id: string | null }) => key_id === keyId)
        .map(({ action, subject }: { action: string; subject: string }) => [action, subject])
        .sort(),
      [
        ['api_key.created', keyId],
        ['api_key.revoked', keyId],
        ['authorization.refused', keyId],
      ],
    )
    for (const { action, key_id } of events)
      assert.equal(key_id !== null, /^(api_key|authorization)\./.test(action), action)
    assert.deepEqual(
      actors,
      [
        { actor: 'cli', description: 'The command line on the machine of the server.' },
        { actor: own, description: null },
        { actor: `key:${keyId}`, description: 'of the night job' },
      ].sort((a, b) => (a.actor < b.actor ? -1 : 1)),
    )
    for (const actor of [own, own.slice('key:'.length)])
      assert.deepEqual(
        (await list(key, `?actor=${actor}`)).events.map(({ action }: { action: string }) => action),
        ['connection.connected'],
      )
  })

  test('an environment sees its own events and those of the account as a whole', async () => {
    const { tenantId, key } = await newTenantWithKey(server())
    const sandbox = await server().newKey({ tenantId, environment: 'sandbox' })
    await connect(server(), 'stamps_com', { key })
    const actions = (await list(sandbox)).events.map(({ action }: { action: string }) => action)
    assert.deepEqual(actions, ['api_key.created', 'tenant.created'])
  })

  test('another tenant’s events are not to be had, by no filter', async () => {
    const one = await newTenantWithKey(server())
    const id = await connect(server(), 'stamps_com', { key: one.key })
    const { key } = await newTenantWithKey(server())
    assert.equal((await list(key, `?carrier_id=${id}`)).total, 0)
    assert.equal((await list(key)).total, 2)
  })

  test('when the audit row cannot be written, nothing else is', async () => {
    const { tenantId, key } = await newTenantWithKey(server())
    const id = await connect(server(), 'stamps_com', { key })
    const { ctx } = server()
    const real = ctx.clock
    // The event reads the time when it is made, so a clock that fails there fails the event and not the effect before it.
    ctx.clock = () => {
      const here = new Error().stack ?? ''
      if (here.includes('record-event')) throw new Error('no time')
      return real()
    }
    try {
      const body = { nickname: 'after', username: unique(), password: 'p' }
      assert.equal((await server().request('PUT', `${path}/${id}`, { key, body })).status, 500)
      assert.equal((await server().request('DELETE', `${path}/${id}`, { key })).status, 500)
      assert.equal((await server().request('POST', path, { key, body })).status, 500)
    } finally {
      ctx.clock = real
    }
    const state = await server().request('GET', `${path}/${id}`, { key })
    assert.equal(state.json.nickname, connectBodies.stamps_com.nickname)
    assert.equal(state.json.version, 1)
    assert.equal((await list(key)).total, 3)
    assert.deepEqual(await walk(ctx, tenantId), { events: 3 })
  })

  test('the log only grows: an edit and a delete are refused by the database', async () => {
    const { ctx, tenantId } = server()
    const edit = ctx.store.transaction(tenantId, (tx) =>
      tx.updateTable('audit_event').set({ actor: 'nobody' }).execute(),
    )
    await assert.rejects(edit)
    await assert.rejects(ctx.store.transaction(tenantId, (tx) => tx.deleteFrom('audit_event').execute()))
    assert.equal((await verifyChain(ctx, tenantId)).brokenAt, undefined)
  })

  test('an event cut off at the end is missed', async () => {
    const { tenantId, key } = await newTenantWithKey(server())
    await connect(server(), 'stamps_com', { key })
    const { ctx } = server()
    await ctx.store.transaction(tenantId, (tx) =>
      tx.updateTable('audit_head').set({ seq: 4 }).where('tenant_id', '=', tenantId).execute(),
    )
    assert.deepEqual(await walk(ctx, tenantId), { events: 3, brokenAt: 4 })
  })
})
