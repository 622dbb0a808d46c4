import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkChanges } from '../../../src/audit/check-changes.ts'
import { verifyChain } from '../../../src/audit/list-events.ts'
import { createErasures } from '../../../src/connections/deletes/erase-worker.ts'
import { deleteTenant, renameTenant, setTenantActive } from '../../../src/tenants/manage-tenant.ts'
import { operator } from '../../../src/tenants/operator.ts'
import {
  auditEventsOf,
  changesInWords,
  newTenantWithKey,
  type ShownEvent,
} from '../../support/audit/audit-events.ts'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { TestServer } from '../../support/server/test-server.ts'
import { tamper } from '../../support/database/tamper.ts'

const CARRIERS = '/v1/connections/carriers'
const STAMPS = `${CARRIERS}/stamps_com`
const HOOKS = '/v1/environment/webhooks'

const asCli = (tenantId: string) => ({ ...operator('cli'), tenantId })

type Owner = { tenantId: string; key: string }

/** Reads every row of the log of an account in its stored form. */
const kept = (server: TestServer, tenantId: string) =>
  server.ctx.store.read(tenantId, async (db) => ({
    events: await db
      .selectFrom('audit_event')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .orderBy('seq')
      .execute(),
    changes: await db
      .selectFrom('audit_change')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .orderBy('seq')
      .execute(),
  }))

onEveryDatabase(
  'what changed, in the audit log',
  (server) => {
    const ask = async (
      { key }: Owner,
      method: string,
      path: string,
      { status = 200, ...asked }: { body?: unknown; status?: number } = {},
    ) => {
      const answer = await server().request(method, path, { key, ...asked })
      assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`)
      return answer.json
    }
    const connect = async (owner: Owner, body: object = {}): Promise<string> => {
      const whole = { ...connectBodies.stamps_com, username: unique('user'), ...body }
      return (await ask(owner, 'POST', STAMPS, { body: whole })).carrier_id
    }
    const newest = async ({ key }: Owner, query = ''): Promise<ShownEvent> =>
      (await auditEventsOf(server(), key, query))[0] ?? assert.fail('no event')
    const words = async (owner: Owner, query = '') => changesInWords(await newest(owner, query))

    test('of a connection: its name, its account and its primary mark before and after, and the password by name only', async () => {
      const owner = await newTenantWithKey(server())
      const id = await connect(owner, { nickname: 'One', username: 'a-user' })
      const made = await newest(owner)
      assert.deepEqual(changesInWords(made), [
        'nickname: null > One',
        'is_primary_account: null > true',
        'username: null > a-user',
      ])
      assert.ok(made.fields.includes('password'))
      await ask(owner, 'PUT', `${STAMPS}/${id}`, {
        body: { nickname: 'Two', username: 'a-user', password: 'other' },
      })
      const renamed = await newest(owner)
      assert.deepEqual(changesInWords(renamed), ['nickname: One > Two'])
      assert.deepEqual(renamed.fields, ['nickname', 'password'])
      await ask(owner, 'PUT', `${STAMPS}/${id}`, {
        body: { nickname: 'Two', username: 'b-user', password: 'other' },
      })
      assert.deepEqual(await words(owner), ['username: a-user > b-user'])
      await ask(owner, 'PUT', `${STAMPS}/${id}`, {
        body: { nickname: 'Two', username: 'b-user', password: 'third' },
      })
      const silent = await newest(owner)
      assert.deepEqual([silent.fields, silent.changes, silent.changes_lost], [['password'], [], null])
      await ask(owner, 'PUT', `${STAMPS}/${id}`, {
        body: { nickname: 'Two', username: 'c-user', password: 'third' },
      })
      await ask(owner, 'POST', `${STAMPS}/${id}/rollback`)
      const back = await newest(owner)
      assert.deepEqual(changesInWords(back), ['username: c-user > b-user'])
      assert.deepEqual(back.fields, ['username'])
      await ask(owner, 'DELETE', `${STAMPS}/${id}`, { status: 204 })
      await ask(owner, 'POST', `${STAMPS}/${id}/restore`)
      assert.deepEqual(await words(owner), [
        'nickname: null > Two',
        'is_primary_account: null > true',
        'username: null > b-user',
      ])
      assert.deepEqual((await checkChanges(server().ctx, owner.tenantId)).missing, [])
    })

    test('of the primary mark: who lost it and who got it, and who inherits it', async () => {
      const owner = await newTenantWithKey(server())
      const body = () => ({ ...connectBodies.ups, account_number: unique().slice(-6).padStart(6, '0') })
      const one = (await ask(owner, 'POST', `${CARRIERS}/ups`, { body: body() })).carrier_id
      const two = (await ask(owner, 'POST', `${CARRIERS}/ups`, { body: body() })).carrier_id
      await ask(owner, 'PUT', `${CARRIERS}/ups/${two}/settings`, {
        body: { is_primary_account: true },
        status: 204,
      })
      assert.deepEqual(await words(owner, `&carrier_id=${two}`), ['is_primary_account: false > true'])
      assert.deepEqual(await words(owner, `&carrier_id=${one}`), ['is_primary_account: true > false'])
      await ask(owner, 'DELETE', `${CARRIERS}/ups/${two}`, { status: 204 })
      assert.deepEqual(await words(owner, `&carrier_id=${one}`), ['is_primary_account: false > true'])
    })

    test('of policies, webhooks and accounts: what was decided before and after', async () => {
      const owner = await newTenantWithKey(server())
      const id = await connect(owner)
      await ask(owner, 'PUT', `${STAMPS}/${id}/policy`, { body: { open_shipments: 'refuse' } })
      assert.deepEqual(await words(owner), ['open_shipments: null > refuse'])
      await ask(owner, 'PUT', '/v1/connections/delete_policy', { body: { restore_days: 3 } })
      assert.deepEqual(await words(owner), ['restore_days: 7 > 3'])
      const headers = [{ key: 'x-token', value: 'the-header-value' }]
      const hook = { event: 'carrier_connected', url: 'https://hooks.example/one', headers }
      const { webhook_id } = await ask(owner, 'POST', HOOKS, { body: hook })
      const created = await newest(owner)
      assert.deepEqual(changesInWords(created), [
        'event: null > carrier_connected',
        'url: null > https://hooks.example/one',
      ])
      assert.equal(created.subject, webhook_id)
      await ask(owner, 'PUT', `${HOOKS}/${webhook_id}`, {
        body: { url: 'https://hooks.example/two', name: 'n' },
        status: 204,
      })
      assert.deepEqual(await words(owner), [
        'url: https://hooks.example/one > https://hooks.example/two',
        'name: null > n',
      ])
      const whole = JSON.stringify(await auditEventsOf(server(), owner.key))
      assert.ok(!whole.includes('the-header-value') && whole.includes('hooks.example'))

      await setTenantActive(server().ctx, asCli(owner.tenantId), { active: false })
      await setTenantActive(server().ctx, asCli(owner.tenantId), { active: true })
      const name = unique('Renamed')
      await renameTenant(server().ctx, asCli(owner.tenantId), name)
      const [renamed, enabled, disabled] = await auditEventsOf(server(), owner.key)
      assert.ok(renamed && enabled && disabled)
      assert.match(changesInWords(renamed).join(), new RegExp(`^company_name: .+ > ${name}$`))
      assert.deepEqual(
        [changesInWords(enabled), changesInWords(disabled)],
        [['active: false > true'], ['active: true > false']],
      )
    })

    test('of a partner’s account: what the partner said of it; who acted is named by the key of the partner, which is not described', async () => {
      const partner = { tenantId: '', key: await server().newKey({ scopes: ['partner'] }) }
      const account = { company_name: unique('Merchant'), origin_country_code: 'US', email: 'a@example.com' }
      const { account_id } = await ask(partner, 'POST', '/v1/partners/accounts', { body: account })
      await ask(partner, 'PUT', `/v1/partners/accounts/${account_id}`, {
        body: { ...account, email: 'b@example.com' },
        status: 204,
      })
      const key = await server().newKey({ tenantId: account_id })
      const [event] = await auditEventsOf(server(), key, '&action=tenant.updated')
      assert.deepEqual(changesInWords(event ?? assert.fail()), ['email: a@example.com > b@example.com'])
      const { actors } = (await server().request('GET', '/v1/audit?action=tenant.updated', { key })).json
      assert.deepEqual(actors, [{ actor: event?.actor, description: null }])
    })

    test('nothing of it stands in the log in clear, and it opens at its own event only', async () => {
      const owner = await newTenantWithKey(server())
      await connect(owner, { nickname: 'Nickname in clear', username: 'account-in-clear' })
      const { events, changes } = await kept(server(), owner.tenantId)
      const bytes = [...events, ...changes].flatMap((row) =>
        Object.values(row).map((value) => Buffer.from(String(value))),
      )
      const sealed = changes.map((row) => Buffer.from(row.sealed))
      for (const text of ['Nickname in clear', 'account-in-clear'])
        assert.ok(![...bytes, ...sealed].some((one) => one.includes(text)))
      assert.ok(
        bytes.some((one) => one.includes('nickname')),
        'the control: names of fields are in clear',
      )
      assert.equal(changes.length, 2, 'the account, and its connection')
      assert.equal(events.filter(({ changes_hash }) => changes_hash !== null).length, 2)
    })

    test('erased with the connection: at once with purge, with its window, and with the nickname; the chain stays whole', async () => {
      const owner = await newTenantWithKey(server())
      const stays = await connect(owner)
      const purged = await connect(owner)
      const ended = await connect(owner)
      const renamed = await connect(owner)
      for (const id of [purged, ended, renamed, stays])
        await ask(owner, 'PUT', `${STAMPS}/${id}`, {
          body: {
            nickname: unique('other'),
            username: unique('u'),
            password: 'p',
          },
        })
      const hashes = (await kept(server(), owner.tenantId)).events.map(({ hash }) =>
        Buffer.from(hash).toString('hex'),
      )
      await ask(owner, 'DELETE', `${STAMPS}/${purged}?purge=true`, { status: 204 })
      await ask(owner, 'DELETE', `${STAMPS}/${renamed}`, { status: 204 })
      const shownOf = async (id: string) =>
        (await auditEventsOf(server(), owner.key, `&carrier_id=${id}`))
          .filter(({ action }) => /updated|connected$/.test(action) && action !== 'connection.disconnected')
          .map(({ changes, changes_lost }) => changes_lost ?? `${changes?.length} changes`)
      assert.deepEqual(await shownOf(purged), ['erased', 'erased'])
      assert.deepEqual(await shownOf(renamed), ['2 changes', '3 changes'], 'restorable, and shown')
      await ask(owner, 'DELETE', `/v1/connections/tombstones/${renamed}/nickname`, { status: 204 })
      assert.deepEqual(await shownOf(renamed), ['erased', 'erased'])
      await ask(owner, 'DELETE', `${STAMPS}/${ended}`, { status: 204 })
      assert.deepEqual(await shownOf(ended), ['2 changes', '3 changes'])
      const { ctx } = server()
      const real = ctx.clock
      ctx.clock = () => new Date(real().getTime() + 8 * 24 * 60 * 60_000)
      try {
        await createErasures(ctx).tick()
      } finally {
        ctx.clock = real
      }
      assert.deepEqual(await shownOf(ended), ['erased', 'erased'])
      assert.deepEqual(await shownOf(stays), ['2 changes', '3 changes'], 'the control: of another it stays')

      const { events, changes } = await kept(server(), owner.tenantId)
      const ids = new Map(events.map(({ seq, carrier_id }) => [seq, carrier_id]))
      const owners = new Set(changes.map(({ seq }) => ids.get(seq)))
      assert.deepEqual(
        [purged, ended, renamed].filter((id) => owners.has(id)),
        [],
      )
      assert.deepEqual(
        events.slice(0, hashes.length).map(({ hash }) => Buffer.from(hash).toString('hex')),
        hashes,
        'no event was touched',
      )
      assert.equal((await verifyChain(ctx, owner.tenantId)).brokenAt, undefined)
      const found = await checkChanges(ctx, owner.tenantId, { part: 3 })
      assert.deepEqual(found, { rows: changes.length, erased: 6, unreadable: [], missing: [], foreign: [] })
    })

    test('erased with the account, all of it', async () => {
      const owner = await newTenantWithKey(server())
      const id = await connect(owner)
      await ask(owner, 'DELETE', `${STAMPS}/${id}?purge=true`, { status: 204 })
      assert.equal((await kept(server(), owner.tenantId)).changes.length, 1)
      assert.ok('keysRevoked' in (await deleteTenant(server().ctx, asCli(owner.tenantId))))
      assert.equal((await kept(server(), owner.tenantId)).changes.length, 0)
      const found = await checkChanges(server().ctx, owner.tenantId)
      assert.deepEqual(found, { rows: 0, erased: 2, unreadable: [], missing: [], foreign: [] })
      assert.equal((await verifyChain(server().ctx, owner.tenantId)).brokenAt, undefined)
    })

    test('what was altered, moved, removed or put there is found by its event, and is shown as unreadable', async () => {
      const owner = await newTenantWithKey(server())
      const { tenantId } = owner
      const id = await connect(owner)
      for (const nickname of ['b', 'c', 'd', 'e'])
        await ask(owner, 'PUT', `${STAMPS}/${id}`, { body: { nickname, username: 'u', password: 'p' } })
      await ask(owner, 'PUT', `${STAMPS}/${id}`, { body: { nickname: 'e', username: 'u', password: 'q' } })
      const whole = await checkChanges(server().ctx, tenantId, { part: 2 })
      assert.deepEqual(whole, { rows: 6, erased: 0, unreadable: [], missing: [], foreign: [] })
      const { events } = await kept(server(), tenantId)
      const silent = events.at(-1)
      assert.equal(silent?.changes_hash, null)
      const [altered = 0, moved = 0, other = 0, removed = 0] = events
        .filter(({ action, changes_hash }) => action === 'connection.updated' && changes_hash !== null)
        .map(({ seq }) => seq)
      const at = (seq: number) => `tenant_id = '${tenantId}' and seq = ${seq}`
      const sealedOf = (seq: number) => `(select sealed from audit_change where ${at(seq)})`
      const isSqlite = server().database === 'sqlite'
      if (isSqlite) {
        await assert.rejects(
          tamper(server(), `update audit_change set sealed = ${sealedOf(moved)} where ${at(other)}`),
          /never rewritten/,
        )
        await tamper(server(), 'drop trigger audit_change_no_update')
      }
      const zeros = isSqlite ? 'zeroblob(214)' : `decode(repeat('00', 214), 'hex')`
      await tamper(server(), `update audit_change set sealed = ${zeros} where ${at(altered)}`)
      await tamper(server(), `update audit_change set sealed = ${sealedOf(moved)} where ${at(other)}`)
      await tamper(server(), `delete from audit_change where ${at(removed)}`)
      for (const seq of [silent?.seq ?? 0, 1_000])
        await tamper(
          server(),
          `insert into audit_change (tenant_id, seq, sealed) values ('${tenantId}', ${seq}, ${sealedOf(moved)})`,
        )
      for (const part of [2, 3, 500])
        assert.deepEqual(await checkChanges(server().ctx, tenantId, { part }), {
          rows: 6,
          erased: 0,
          unreadable: [altered, other],
          missing: [removed],
          foreign: [silent?.seq, 1_000],
        })
      const shown = new Map((await auditEventsOf(server(), owner.key)).map((event) => [event.seq, event]))
      const state = (seq: number) => [shown.get(seq)?.changes?.length, shown.get(seq)?.changes_lost]
      assert.deepEqual(state(altered), [undefined, 'unreadable'])
      assert.deepEqual(state(other), [undefined, 'unreadable'])
      assert.deepEqual(state(moved), [1, null])
      assert.deepEqual(state(silent?.seq ?? 0), [0, null])
      assert.match(server().logs.join(''), /what an event changed is not what the event says/)
      assert.equal(
        (await verifyChain(server().ctx, tenantId)).brokenAt,
        undefined,
        'the chain itself is whole',
      )
      await ask(owner, 'DELETE', `${STAMPS}/${id}?purge=true`, { status: 204 })
      const after = await checkChanges(server().ctx, tenantId)
      assert.deepEqual(
        [after.unreadable, after.missing],
        [[], []],
        'an erasure explains what is gone before it',
      )
      await tamper(server(), `delete from audit_change where ${at(1)}`)
      assert.deepEqual((await checkChanges(server().ctx, tenantId)).missing, [1], 'and not what is of others')
    })

    test('an event keeps the digest of what it changed: another, or none, breaks the chain', async () => {
      const owner = await newTenantWithKey(server())
      await connect(owner)
      const { tenantId } = owner
      const isSqlite = server().database === 'sqlite'
      const value = isSqlite ? 'zeroblob(32)' : `decode(repeat('00', 32), 'hex')`
      if (isSqlite) await tamper(server(), 'drop trigger audit_event_no_update')
      const where = `where tenant_id = '${tenantId}' and seq = 3`
      const [, , event] = (await kept(server(), tenantId)).events
      const hash = Buffer.from(event?.changes_hash ?? []).toString('hex')
      const back = isSqlite ? `x'${hash}'` : `decode('${hash}', 'hex')`
      for (const [set, brokenAt] of [
        [value, 3],
        ['null', 3],
        [back, undefined],
      ] as const) {
        await tamper(server(), `update audit_event set changes_hash = ${set} ${where}`)
        assert.equal((await verifyChain(server().ctx, tenantId)).brokenAt, brokenAt, set)
      }
      await tamper(
        server(),
        `update audit_event set changes_hash = ${value} where tenant_id = '${tenantId}' and seq = 2`,
      )
      assert.equal((await verifyChain(server().ctx, tenantId)).brokenAt, 2, 'and one where there was none')
    })

    test('a long text is cut, and a cut one that differs behind the cut is shown as changed', async () => {
      const owner = await newTenantWithKey(server())
      const long = '𝄞'.repeat(400)
      const body = { ...connectBodies.fedex, company: `${long}a`, account_number: unique('5') }
      const id = (await ask(owner, 'POST', `${CARRIERS}/fedex`, { body })).carrier_id
      await ask(owner, 'PUT', `${CARRIERS}/fedex/${id}`, { body: { ...body, company: `${long}b` } })
      const cut = `${'𝄞'.repeat(150)}…`
      assert.deepEqual((await newest(owner)).changes, [{ field: 'company', before: cut, after: cut }])
    })

    test('a page of many events opens a part of them at a time', async () => {
      const owner = await newTenantWithKey(server())
      const id = await connect(owner)
      for (let turn = 0; turn < 60; turn += 1)
        await ask(owner, 'PUT', `${STAMPS}/${id}`, {
          body: { nickname: `n${turn}`, username: 'u', password: 'p' },
        })
      const events = await auditEventsOf(server(), owner.key, '&action=connection.updated')
      assert.deepEqual(
        events.map((event) => event.changes?.find(({ field }) => field === 'nickname')?.after),
        Array.from({ length: 60 }, (_, at) => `n${59 - at}`),
      )
    })
  },
  { env: { HAWSER_VERIFICATION: 'off' } },
)
