import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createTenant,
  deleteTenant,
  renameTenant,
  setTenantActive,
} from '../../../src/tenants/manage-tenant.ts'
import {
  listAllTenants,
  listTenantsAndDeleted,
  findTenantsByIdOrName,
  operator,
} from '../../../src/tenants/operator.ts'
import { findDoubles } from '../../../src/tenants/names.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import type { TestServer } from '../../support/server/test-server.ts'
import { newShipper } from '../../support/shipments/labels.ts'
import { createWebhook } from '../../support/webhooks/create-webhook.ts'

const asCli = (tenantId: string) => ({ ...operator('cli'), tenantId })

/** Reads the audit events about a tenant as a whole, oldest first. */
const trail = (server: TestServer, tenantId: string) =>
  server.ctx.store.read(tenantId, async (db) => {
    const rows = await db
      .selectFrom('audit_event')
      .select(['action', 'actor', 'environment', 'fields'])
      .where('tenant_id', '=', tenantId)
      .where('action', 'like', 'tenant.%')
      .orderBy('seq')
      .execute()
    return rows.map(({ action, actor, environment, fields }) =>
      [action, actor, environment, fields].join(' '),
    )
  })

onEveryDatabase('tenants of the operator', (server) => {
  test('no two have one name, whatever its case and the white space around it, not even at once', async () => {
    const name = `Straße ${unique()}`
    const ctx = server().ctx
    const made = await Promise.all(Array.from({ length: 4 }, () => createTenant(ctx, operator('cli'), name)))
    assert.equal(made.filter((tenant) => tenant !== undefined).length, 1)
    for (const same of [name, ` ${name} `, name.toUpperCase(), name.toLowerCase()])
      assert.equal(await createTenant(ctx, operator('cli'), same), undefined, same)
    const [found] = await findTenantsByIdOrName(ctx, name.toUpperCase())
    assert.equal(found?.company_name, name)
    const other = await createTenant(ctx, operator('cli'), `${name} 2`)
    assert.equal(await renameTenant(ctx, asCli(other?.tenant_id ?? ''), name.toUpperCase()), false)
    assert.deepEqual(await trail(server(), other?.tenant_id ?? ''), ['tenant.created cli  []'])
  })

  test('a partner names its accounts as it likes, and the operator takes none of these names', async () => {
    const name = `Account ${unique()}`
    const key = await server().newKey({ tenantId: await server().newTenant('partner'), scopes: ['partner'] })
    const body = { company_name: name, origin_country_code: 'US' }
    for (const turn of [1, 2])
      assert.equal(
        (await server().request('POST', '/v1/partners/accounts', { key, body })).status,
        200,
        `${turn}`,
      )
    assert.equal(await createTenant(server().ctx, operator('cli'), name), undefined)
    const doubles = findDoubles(await listAllTenants(server().ctx))
    assert.ok(doubles.some((same) => same.length === 2 && same[0]?.company_name === name))
    assert.equal((await findTenantsByIdOrName(server().ctx, name)).length, 2)
  })

  test('one is renamed, also into another spelling of its name, and the old name is free', async () => {
    const [before, after] = [`Before ${unique()}`, `After ${unique()}`]
    const ctx = server().ctx
    const id = (await createTenant(ctx, operator('cli'), before))?.tenant_id ?? ''
    for (const name of [before, before.toUpperCase(), after])
      assert.equal(await renameTenant(ctx, asCli(id), name), true)
    assert.equal((await findTenantsByIdOrName(ctx, after))[0]?.tenant_id, id)
    assert.ok(await createTenant(ctx, operator('cli'), before))
    const renamed = 'tenant.updated cli  ["company_name"]'
    assert.deepEqual(await trail(server(), id), ['tenant.created cli  []', renamed, renamed])
  })

  test('one is disabled and enabled, once each: its keys are refused meanwhile', async () => {
    const tenantId = await server().newTenant('to be disabled')
    const key = await server().newKey({ tenantId })
    const statuses: number[] = []
    for (const active of [false, false, true, true]) {
      await setTenantActive(server().ctx, asCli(tenantId), { active })
      statuses.push((await server().request('GET', '/v1/carriers', { key })).status)
    }
    assert.deepEqual(statuses, [403, 403, 200, 200])
    assert.deepEqual((await trail(server(), tenantId)).slice(1), [
      'tenant.disabled cli  []',
      'tenant.enabled cli  []',
    ])
  })

  test('one is not deleted while it has connections, restorable ones or accounts, in either environment', async () => {
    const { ctx } = server()
    const real = await newShipper(server())
    const sandbox = await newShipper(server(), { environment: 'sandbox', tenantId: real.tenantId })
    const { tenantId } = real
    const ids = [await real.connect(), await real.connect(), await sandbox.connect()]
    const partner = await server().newKey({ tenantId, scopes: ['partner'] })
    const body = { company_name: unique(), origin_country_code: 'US' }
    await server().request('POST', '/v1/partners/accounts', { key: partner, body })
    await real.send('DELETE', `/v1/carriers/${ids[0]}`)
    const before = await trail(server(), tenantId)
    assert.deepEqual(await deleteTenant(ctx, asCli(tenantId)), {
      inTheWay: { connections: 2, restorable: 1, accounts: 1 },
    })
    assert.deepEqual(await trail(server(), tenantId), before)
    assert.equal((await real.send('GET', '/v1/carriers')).status, 200)
  })

  test('one that is deleted is gone with its keys, webhooks and names; its id, log and labels stay', async () => {
    const { ctx } = server()
    const shipper = await newShipper(server())
    const { tenantId, key } = shipper
    const carrierId = await shipper.connect()
    await shipper.record({ carrier_id: carrierId, tracking_number: unique(), ship_date: '2026-01-01' })
    await createWebhook(server(), { url: 'https://tenants.example/', event: 'connection.updated' }, key)
    assert.equal((await shipper.send('DELETE', `/v1/carriers/${carrierId}?purge=true`)).status, 204)
    const [row] = await findTenantsByIdOrName(ctx, tenantId)
    assert.deepEqual(await deleteTenant(ctx, asCli(tenantId)), { keysRevoked: 1 })
    assert.equal((await server().request('GET', '/v1/carriers', { key })).status, 401)
    assert.ok(!(await listAllTenants(ctx)).some(({ tenant_id }) => tenant_id === tenantId))
    const left = (await listTenantsAndDeleted(ctx)).find(({ tenant_id }) => tenant_id === tenantId)
    assert.deepEqual([left?.company_name, left?.name_key, left?.active], ['', null, 0])
    assert.equal(typeof left?.deleted_at, 'string')
    const count = (table: 'webhook_endpoint' | 'outbox_message' | 'label') =>
      ctx.store.read(
        tenantId,
        async (db) =>
          (await db.selectFrom(table).select('tenant_id').where('tenant_id', '=', tenantId).execute()).length,
      )
    assert.deepEqual(
      [await count('webhook_endpoint'), await count('outbox_message'), await count('label')],
      [0, 0, 1],
    )
    assert.equal((await trail(server(), tenantId)).at(-1), 'tenant.deleted cli  []')
    assert.ok(await createTenant(ctx, operator('cli'), row?.company_name ?? ''), 'its name is free')
  })
})
