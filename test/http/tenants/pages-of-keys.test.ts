import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { onEveryDatabase } from '../../support/server/every-database.ts'

onEveryDatabase('pages of keys', (server) => {
  let key = ''
  let ids: string[] = []

  before(async () => {
    const tenantId = await server().newTenant()
    key = await server().newKey({ tenantId })
    await server().newKey({ tenantId, environment: 'sandbox' })
    const rows = Array.from({ length: 4_100 }, (_, at) => ({
      ...{ key_id: `many${String(at).padStart(8, '0')}`, tenant_id: tenantId, environment: 'production' },
      ...{ scopes: 'read', secret_hash: Buffer.alloc(32), description: null, created_by: 'cli' },
      // Fifty keys have the same time, so that their ids decide the order.
      created_at: new Date(Date.UTC(2030, 0, 1) + Math.floor(at / 50)).toISOString(),
      ...{
        expires_at: null,
        revoked_at: at % 3 === 0 ? '2030-01-02T00:00:00.000Z' : null,
        last_used_at: null,
      },
    }))
    ids = [key.split('_')[1] ?? '', ...rows.map(({ key_id }) => key_id)]
    await server().ctx.store.transaction(tenantId, async (tx) => {
      for (let at = 0; at < rows.length; at += 500)
        await tx
          .insertInto('api_key')
          .values(rows.slice(at, at + 500) as never)
          .execute()
    })
  })

  test('every key is on one page, in the order in which they were made, with links', async () => {
    const seen: string[] = []
    for (let path = '/v1/keys?page_size=500'; path;) {
      const { json } = await server().request('GET', path, { key })
      assert.deepEqual([json.total, json.pages], [4_101, 9])
      seen.push(...json.keys.map(({ key_id }: { key_id: string }) => key_id))
      path = (json.links.next.href ?? '').replace(/^https?:\/\/[^/]+/, '')
    }
    assert.deepEqual(seen, ids)
    const { json } = await server().request('GET', '/v1/keys', { key })
    assert.deepEqual([json.keys.length, json.page, json.pages], [50, 1, 83])
    const beyond = await server().request('GET', '/v1/keys?page=900', { key })
    assert.deepEqual([beyond.json.keys, beyond.json.total], [[], 4_101])
    for (const query of ['page=0', 'page_size=501', 'page=x', 'state=revoked'])
      assert.equal((await server().request('GET', `/v1/keys?${query}`, { key })).status, 400, query)
  })
})
