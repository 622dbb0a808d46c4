import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import { auditTrail } from '../../support/audit/audit-events.ts'
import { connect } from '../../support/connections/connect.ts'

const path = '/v1/connections/carriers/endicia'

onEveryDatabase('disconnect', (server) => {
  const remove = (route: string, options = {}) => server().request('DELETE', route, options)

  test('answers 204 with no body, then the id is unknown everywhere', async () => {
    const id = await connect(server(), 'endicia')
    const answer = await remove(`${path}/${id}`)
    assert.equal(answer.status, 204)
    assert.equal(answer.text, '')
    const gone = [
      ['DELETE', `${path}/${id}`],
      ['GET', `${path}/${id}`],
      ['PUT', `${path}/${id}`],
      ['GET', `/v1/carriers/${id}`],
      ['GET', `/v1/carriers/${id}/services`],
      ['DELETE', `/v1/carriers/${id}`],
    ] as const
    for (const [method, route] of gone) {
      const { status, json } = await server().request(method, route, method === 'PUT' ? { body: {} } : {})
      assert.equal(status, 404, route)
      assert.equal(json.errors[0].error_code, 'carrier_not_connected')
    }
    const { json } = await server().request('GET', '/v1/carriers')
    assert.ok(json.carriers.every((carrier: { carrier_id: string }) => carrier.carrier_id !== id))
    assert.deepEqual(await auditTrail(server(), id), [
      ['connection.connected', ['nickname', 'account', 'passphrase'], 1],
      ['connection.disconnected', [], 1],
    ])
  })

  test('a parameter that no delete knows deletes nothing, and its value is not repeated', async () => {
    const id = await connect(server(), 'endicia')
    for (const query of ['dry_run=true', 'forced', 'purge=false&thing=secret']) {
      for (const route of [`${path}/${id}`, `/v1/carriers/${id}`]) {
        const { status, text } = await remove(`${route}?${query}`)
        assert.equal(status, 400, query)
        assert.ok(text.includes('It takes force, purge.') && !text.includes('secret'))
      }
    }
    assert.equal((await server().request('GET', `${path}/${id}`)).status, 200)
  })

  test('the route without a carrier name does the same', async () => {
    const id = await connect(server(), 'endicia')
    assert.equal((await remove(`/v1/carriers/${id}`)).status, 204)
    assert.equal((await remove(`/v1/carriers/${id}`)).status, 404)
  })

  test('a JSON body, even null, is no reason to refuse', async () => {
    assert.equal((await remove(`${path}/${await connect(server(), 'endicia')}`, { raw: 'null' })).status, 204)
    assert.equal(
      (await remove(`${path}/${await connect(server(), 'endicia')}`, { body: { force: true } })).status,
      204,
    )
    assert.equal((await server().request('GET', '/v1/carriers', { raw: 'null' })).status, 200)
  })

  test('an account that is connected again gets a new id, and the old one stays unknown', async () => {
    const account = unique()
    const first = await connect(server(), 'endicia', { body: { account } })
    await remove(`${path}/${first}`)
    const second = await connect(server(), 'endicia', { body: { account } })
    assert.notEqual(second, first)
    assert.equal((await server().request('GET', `/v1/carriers/${first}`)).status, 404)
  })

  test('when the primary goes, the oldest other connection of the carrier takes its place', async () => {
    const tenantId = await server().newTenant()
    const key = await server().newKey({ tenantId })
    const ids: string[] = []
    for (let turn = 0; turn < 3; turn += 1) {
      const body = { ...connectBodies.endicia, account: unique() }
      ids.push((await server().request('POST', path, { body, key })).json.carrier_id)
    }
    await server().request('DELETE', `${path}/${ids[0]}`, { key })
    const { json } = await server().request('GET', '/v1/carriers', { key })
    assert.deepEqual(
      json.carriers.map(({ carrier_id, primary }: { carrier_id: string; primary: boolean }) => [
        carrier_id,
        primary,
      ]),
      [
        [ids[1], true],
        [ids[2], false],
      ],
    )
    const { events } = (await server().request('GET', `/v1/audit?carrier_id=${ids[1]}`, { key })).json
    assert.deepEqual(events[0].fields, ['is_primary_account'])
    assert.equal(events[0].version, 2)
  })

  test('the row goes with what is sealed in it; a tombstone keeps the id', async () => {
    const id = await connect(server(), 'endicia')
    await remove(`${path}/${id}`)
    const { ctx, tenantId } = server()
    const { rows, tombs } = await ctx.store.read(tenantId, async (db) => ({
      rows: await db.selectFrom('connection').selectAll().where('carrier_id', '=', id).execute(),
      tombs: await db.selectFrom('tombstone').selectAll().where('carrier_id', '=', id).execute(),
    }))
    assert.deepEqual(rows, [])
    assert.equal(tombs.length, 1)
    assert.equal(tombs[0]?.carrier, 'endicia')
    assert.equal(tombs[0]?.nickname, connectBodies.endicia.nickname)
  })

  test('of simultaneous deletes exactly one succeeds', async () => {
    const id = await connect(server(), 'endicia')
    const answers = await Promise.all(Array.from({ length: 6 }, () => remove(`${path}/${id}`)))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [204, 404, 404, 404, 404, 404])
    assert.equal((await auditTrail(server(), id)).length, 2)
  })
})
