import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { TestServer } from '../../support/server/test-server.ts'
import { storedConnection } from '../../support/connections/stored-connection.ts'
import { auditTrail } from '../../support/audit/audit-events.ts'
import { createWebhook } from '../../support/webhooks/create-webhook.ts'
import { DAY, newClock } from '../../support/clock.ts'
import { outbox } from '../../support/webhooks/outbox.ts'
import { connect } from '../../support/connections/connect.ts'

const path = '/v1/connections/carriers/endicia'
const ltl = '/v-beta/ltl/connections/EXLA'
const clock = newClock()

const rowsOf = (server: TestServer, table: 'deleted_connection' | 'tombstone' | 'connection', id: string) =>
  server.ctx.store.read(server.tenantId, (db) =>
    db.selectFrom(table).selectAll().where('carrier_id', '=', id).execute(),
  )

onEveryDatabase(
  'restore',
  (server) => {
    const remove = (id: string, query = '', key = server().key) =>
      server().request('DELETE', `${path}/${id}${query}`, { key })
    const restore = (id: string, key = server().key) =>
      server().request('POST', `${path}/${id}/restore`, { key })

    test('refuses what is not deleted, foreign, absent, of another carrier or malformed, and changes nothing', async () => {
      const id = await connect(server(), 'endicia')
      const live = await restore(id)
      assert.deepEqual([live.status, live.json.errors[0].error_code], [409, 'invalid_status'])
      await remove(id)
      const other = await server().newKey({ tenantId: await server().newTenant() })
      const sandbox = await server().newKey({ environment: 'sandbox' })
      const absent = 'se-0000000000000000'
      const answers = [
        await restore(id, other),
        await restore(id, sandbox),
        await restore(absent),
        await server().request('POST', `/v1/connections/carriers/ups/${id}/restore`),
      ]
      for (const { status, json } of answers) {
        assert.equal(status, 404)
        assert.deepEqual(json.errors, answers[2]?.json.errors)
      }
      assert.equal((await restore('SE-x')).json.errors[0].error_code, 'invalid_identifier')
      const reader = await server().newKey({ scopes: ['read'] })
      assert.equal((await restore(id, reader)).status, 403)
      assert.equal((await rowsOf(server(), 'deleted_connection', id)).length, 1)
      assert.deepEqual((await auditTrail(server(), id)).length, 2)
    })

    test('brings back the same id, credentials, nickname and times, as new versions', async () => {
      await createWebhook(server(), { url: 'https://hooks.example/', event: 'carrier_connected' })
      const id = await connect(server(), 'endicia', { body: { nickname: 'The good one' } })
      const before = await storedConnection(server(), id)
      const listed = (await server().request('GET', `/v1/carriers/${id}`)).json
      assert.equal((await remove(id)).status, 204)
      const messages = (await outbox(server())).length
      const answer = await restore(id)
      assert.equal(answer.status, 200, answer.text)
      assert.deepEqual(answer.json, { carrier_id: id })
      assert.equal(answer.headers.etag, '"v2"')
      const after = await storedConnection(server(), id)
      assert.deepEqual(after.credentials, before.credentials)
      assert.deepEqual([after.row.credentials_version, after.row.version], [2, 2])
      assert.equal(after.row.created_seq, before.row.created_seq)
      assert.notDeepEqual(after.row.credentials, before.row.credentials)
      const now = (await server().request('GET', `/v1/carriers/${id}`)).json
      assert.deepEqual({ ...now, primary: null }, { ...listed, primary: null })
      assert.deepEqual(await rowsOf(server(), 'tombstone', id), [])
      assert.deepEqual(await rowsOf(server(), 'deleted_connection', id), [])
      assert.deepEqual(
        (await auditTrail(server(), id)).map(([action]) => action),
        ['connection.connected', 'connection.disconnected', 'connection.restored'],
      )
      const told = await outbox(server())
      assert.equal(told.length, messages + 1)
      assert.equal(told.at(-1)?.type, 'carrier_connected')
      assert.equal((await restore(id)).status, 409, 'it is not deleted any more')
      const put = await server().request('PUT', `${path}/${id}`, {
        body: { ...connectBodies.endicia, account: after.credentials.account, passphrase: 'next' },
      })
      assert.equal(put.status, 200, put.text)
    })

    test('settings come back with it', async () => {
      const account = unique('dhl')
      const dhl = '/v1/connections/carriers/dhl_express'
      const { json } = await server().request('POST', dhl, {
        body: { ...connectBodies.dhl_express, account_number: account },
      })
      const settings = `${dhl}/${json.carrier_id}/settings`
      await server().request('PUT', settings, { body: { should_hide_account_number_on_archive_doc: true } })
      const before = (await server().request('GET', settings)).json
      await server().request('DELETE', `${dhl}/${json.carrier_id}`)
      assert.equal((await server().request('GET', settings)).status, 404)
      assert.equal((await server().request('POST', `${dhl}/${json.carrier_id}/restore`)).status, 200)
      assert.deepEqual((await server().request('GET', settings)).json, before)
    })

    test('what is sealed of a deleted connection opens nothing when it is put back into force by hand', async () => {
      const id = await connect(server(), 'endicia')
      await remove(id)
      const [deleted] = await rowsOf(server(), 'deleted_connection', id)
      assert.ok(deleted && 'sealed' in deleted)
      await restore(id)
      await server().ctx.store.transaction(server().tenantId, (tx) =>
        tx
          .updateTable('connection')
          .set({ credentials: deleted.sealed, credentials_version: 1 })
          .where('carrier_id', '=', id)
          .execute(),
      )
      const lease = await server().request('POST', `${path}/${id}/lease`)
      assert.equal(lease.status, 500)
    })

    test('a deleted connection whose row was altered is refused and recorded, and stays deleted', async () => {
      const id = await connect(server(), 'endicia')
      await remove(id)
      const spoiled = Buffer.alloc(200, 9)
      await server().ctx.store.transaction(server().tenantId, (tx) =>
        tx.updateTable('deleted_connection').set({ sealed: spoiled }).where('carrier_id', '=', id).execute(),
      )
      assert.equal((await restore(id)).status, 500)
      assert.equal((await auditTrail(server(), id)).at(-1)?.[0], 'integrity.violation')
      assert.deepEqual(await rowsOf(server(), 'connection', id), [])
    })

    test('it takes the primary mark from nobody, and gets it where there is none', async () => {
      const key = await server().newKey({ tenantId: await server().newTenant() })
      const [first, second] = [
        await connect(server(), 'endicia', { key }),
        await connect(server(), 'endicia', { key }),
      ]
      const primaries = async () =>
        (await server().request('GET', '/v1/carriers', { key })).json.carriers.map(
          ({ carrier_id, primary }: { carrier_id: string; primary: boolean }) => [carrier_id, primary],
        )
      await remove(first, '', key)
      await restore(first, key)
      assert.deepEqual(await primaries(), [
        [first, false],
        [second, true],
      ])
      await remove(first, '', key)
      await remove(second, '', key)
      await restore(first, key)
      assert.deepEqual(await primaries(), [[first, true]])
    })

    test('an account that is connected again gets a new id and is told of the old one; then nothing is restored', async () => {
      const account = unique('again')
      const first = await connect(server(), 'endicia', { body: { account } })
      await remove(first)
      const answer = await server().request('POST', path, {
        body: { ...connectBodies.endicia, account: ` ${account.toUpperCase()} ` },
      })
      assert.notEqual(answer.json.carrier_id, first)
      assert.ok(String(answer.headers['hawser-notice']).includes(`restorable; carrier_id=${first}`))
      const refused = await restore(first)
      assert.equal(refused.status, 409)
      assert.equal(refused.json.errors[0].error_code, 'identifier_conflict')
      assert.equal(refused.json.errors[0].carrier_id, answer.json.carrier_id)
      assert.equal((await remove(answer.json.carrier_id)).status, 204)
      assert.equal((await restore(first)).status, 200)
      const fresh = await connect(server(), 'endicia')
      assert.ok(fresh)
    })

    test('after the window nothing is restored, nor told at a reconnect, whether or not it is erased yet', async () => {
      const account = unique('late')
      const id = await connect(server(), 'endicia', { body: { account } })
      await remove(id)
      clock.forward(7 * DAY)
      const late = await restore(id)
      assert.deepEqual([late.status, late.json.errors[0].error_code], [409, 'invalid_status'])
      const again = await server().request('POST', path, { body: { ...connectBodies.endicia, account } })
      assert.ok(!String(again.headers['hawser-notice']).includes('restorable'))
    })

    test('purge leaves a name and nothing else, at once or afterwards', async () => {
      const at = await connect(server(), 'endicia', { body: { nickname: 'Gone' } })
      assert.equal((await remove(at, '?purge=true')).status, 204)
      const later = await connect(server(), 'endicia')
      await remove(later)
      assert.equal((await remove(later)).status, 404, 'a second delete finds nothing')
      assert.equal(
        (await server().request('DELETE', `/v1/connections/carriers/ups/${later}?purge=true`)).status,
        404,
      )
      assert.equal((await remove(later, '?purge=true')).status, 204)
      assert.equal((await remove(later, '?purge=true')).status, 404)
      for (const id of [at, later]) {
        assert.deepEqual(await rowsOf(server(), 'deleted_connection', id), [])
        const [tomb] = await rowsOf(server(), 'tombstone', id)
        assert.ok(tomb && 'erased_at' in tomb && tomb.erased_at !== null)
        assert.equal((await restore(id)).status, 409)
        assert.equal((await auditTrail(server(), id)).at(-1)?.[0], 'connection.erased')
      }
      assert.deepEqual((await auditTrail(server(), at))[1], ['connection.disconnected', ['purge'], 1])
      assert.equal((await remove(at, '?purge=maybe')).status, 400)
      assert.equal((await remove(at, '?force=1')).json.errors[0].field_name, 'force')
    })

    test('a purge of what is deleted already heeds If-Match', async () => {
      const id = await connect(server(), 'endicia')
      await remove(id)
      const purge = (tag: string) =>
        server().request('DELETE', `${path}/${id}?purge=true`, { headers: { 'if-match': tag } })
      assert.equal((await purge('"v9"')).status, 412)
      assert.equal((await rowsOf(server(), 'deleted_connection', id)).length, 1)
      assert.equal((await purge('"v1"')).status, 204)
    })

    test('of two connections of one account each can be deleted and restored beside the other', async () => {
      const account = unique('account')
      const first = await connect(server(), 'endicia', { body: { account } })
      const second = await connect(server(), 'endicia', {
        body: { account, allow_duplicate_account_number: true },
      })
      await remove(second)
      assert.equal((await restore(second)).status, 200)
      await remove(first)
      assert.equal((await restore(first)).status, 200)
    })

    test('two connections of one account that were both deleted come back in any order', async () => {
      for (const order of [
        [0, 1],
        [1, 0],
      ]) {
        const account = unique('account')
        const ids = [
          await connect(server(), 'endicia', { body: { account } }),
          await connect(server(), 'endicia', { body: { account, allow_duplicate_account_number: true } }),
        ]
        for (const id of ids) await remove(id)
        for (const place of order) assert.equal((await restore(ids[place] ?? '')).status, 200)
      }
    })

    test('one of two connections of an account does not come back beside one that was connected since', async () => {
      const account = unique('account')
      const first = await connect(server(), 'endicia', { body: { account } })
      const second = await connect(server(), 'endicia', {
        body: { account, allow_duplicate_account_number: true },
      })
      await remove(first)
      assert.equal((await server().request('DELETE', `${path}/${second}?purge=true`)).status, 204)
      const since = await connect(server(), 'endicia', { body: { account } })
      const refused = await restore(first)
      assert.deepEqual([refused.status, refused.json.errors[0].carrier_id], [409, since])
      await remove(since)
      assert.equal((await restore(first)).status, 200)
      assert.equal((await restore(since)).status, 409)
    })

    test('what webhooks were told before the delete they are not told again after the restore', async () => {
      for (const [state, trouble_told] of [
        ['action_required', 1],
        ['unverified', 1],
        ['needs_reauth', 0],
      ] as const) {
        const id = await connect(server(), 'endicia')
        await server().ctx.store.transaction(server().tenantId, (tx) =>
          tx.updateTable('connection').set({ state, trouble_told }).where('carrier_id', '=', id).execute(),
        )
        await remove(id)
        await restore(id)
        const { row } = await storedConnection(server(), id)
        assert.deepEqual([row.state, row.trouble_told], [state, trouble_told])
      }
    })

    test('who was told of an outage before the delete is told when it is over after the restore', async () => {
      const id = await connect(server(), 'endicia')
      const set = { state: 'degraded', trouble_told: 1 } as const
      await server().ctx.store.transaction(server().tenantId, (tx) =>
        tx.updateTable('connection').set(set).where('carrier_id', '=', id).execute(),
      )
      await remove(id)
      await restore(id)
      const { row } = await storedConnection(server(), id)
      assert.deepEqual([row.state, row.trouble_told], ['degraded', 1])
    })

    test('an LTL connection comes back too, not beside one that its account has been connected with again', async () => {
      const body = { credentials: { username: 'u', password: 'p', account_number: unique('ltl') } }
      const { json } = await server().request('POST', ltl, { body })
      const one = `${ltl}/${json.carrier_id}`
      assert.equal((await server().request('DELETE', one)).status, 204)
      const second = await server().request('POST', ltl, { body })
      assert.ok(String(second.headers['hawser-notice']).includes(`restorable; carrier_id=${json.carrier_id}`))
      const refused = await server().request('POST', `${one}/restore`)
      assert.equal(refused.status, 409, refused.text)
      assert.equal(refused.json.errors[0].carrier_id, second.json.carrier_id)
      assert.equal((await server().request('DELETE', `${ltl}/${second.json.carrier_id}`)).status, 204)
      assert.equal((await server().request('POST', `${one}/restore`)).status, 200)
      assert.equal((await server().request('GET', `/v-beta/ltl/carriers/${json.carrier_id}`)).status, 200)
    })

    test('an LTL connection whose account had two comes back beside the other, and is told of it', async () => {
      const body = { credentials: { username: 'u', password: 'p', account_number: unique('ltl') } }
      const { json } = await server().request('POST', ltl, { body })
      const second = await server().request('POST', ltl, { body })
      assert.equal((await server().request('DELETE', `${ltl}/${json.carrier_id}`)).status, 204)
      const back = await server().request('POST', `${ltl}/${json.carrier_id}/restore`)
      assert.equal(back.status, 200, back.text)
      assert.ok(String(back.headers['hawser-notice']).includes(second.json.carrier_id))
    })

    test('a connection that the carrier refuses comes back as it was, and is not asked about by itself', async () => {
      const id = await connect(server(), 'endicia')
      await server().ctx.store.transaction(server().tenantId, (tx) =>
        tx
          .updateTable('connection')
          .set({ state: 'needs_reauth', diagnosis: 'invalid_credentials' })
          .where('carrier_id', '=', id)
          .execute(),
      )
      await remove(id)
      await restore(id)
      assert.equal((await storedConnection(server(), id)).row.state, 'needs_reauth')
      const planned = await server().ctx.store.read(server().tenantId, (db) =>
        db.selectFrom('scheduled_check').selectAll().where('carrier_id', '=', id).execute(),
      )
      assert.deepEqual(planned, [])
    })

    test('of restores at once one succeeds; against a purge there is one winner', async () => {
      const id = await connect(server(), 'endicia')
      await remove(id)
      const all = await Promise.all(Array.from({ length: 5 }, () => restore(id)))
      assert.deepEqual(all.map(({ status }) => status).sort(), [200, 409, 409, 409, 409])
      for (let round = 0; round < 5; round += 1) {
        const one = await connect(server(), 'endicia')
        await remove(one)
        const [back, purged] = await Promise.all([restore(one), remove(one, '?purge=true')])
        const isThere = (await rowsOf(server(), 'connection', one)).length === 1
        assert.equal(purged.status, 204)
        assert.equal(isThere, false)
        assert.ok(back.status === 200 || back.status === 409)
      }
    })
  },
  { clock: clock.now },
)
