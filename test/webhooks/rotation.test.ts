import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mock, test, type TestContext } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { createOpener } from '../../src/custody/opener.ts'
import { createDeliveries } from '../../src/webhooks/deliver.ts'
import { databases } from '../support/database/databases.ts'
import type { TestServer } from '../support/server/test-server.ts'
import { actorsAndActions } from '../support/audit/audit-events.ts'
import { openDelivery } from '../support/webhooks/open-delivery.ts'
import { createWebhook } from '../support/webhooks/create-webhook.ts'
import { DAY, HOUR, MINUTE } from '../support/clock.ts'
import type { SentMessage } from '../support/webhooks/receivers.ts'
import { connect } from '../support/connections/connect.ts'

const PATH = '/v1/environment/webhooks'

async function rotate(
  server: TestServer,
  id: string,
  key = server.key,
): Promise<{ secret: string; endsAt: string }> {
  const answer = await server.request('POST', `${PATH}/${id}/rotate_secret`, { key })
  assert.equal(answer.status, 200, answer.text)
  const { webhook_id, previous_secret_ends_at: endsAt, ...rest } = answer.json
  assert.deepEqual([webhook_id, rest], [id, {}])
  assert.equal(answer.headers['cache-control'], 'private, no-store')
  const secret = String(answer.headers['hawser-webhook-secret'])
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
  assert.ok(!answer.text.includes(secret))
  return { secret, endsAt }
}

/** Lists which of the secrets accept this message when it arrives; the public verifier and the specification have to agree. */
function accepting(sent: SentMessage | undefined, secrets: readonly string[]): number[] {
  assert.ok(sent)
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': list = '' } = sent.headers
  return secrets.flatMap((secret, index) => {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    const mac = createHmac('sha256', key).update(`${id}.${at}.${sent.body}`).digest('base64')
    const isMine = list.split(' ').includes(`v1,${mac}`)
    const verify = () => {
      mock.timers.enable({ apis: ['Date'], now: Number(at) * 1_000 })
      try {
        return new Webhook(secret).verify(sent.body, sent.headers)
      } finally {
        mock.timers.reset()
      }
    }
    if (isMine) assert.deepEqual(verify(), JSON.parse(sent.body))
    else assert.throws(verify)
    return isMine ? [index] : []
  })
}

const signatures = (sent: SentMessage | undefined) => sent?.headers['webhook-signature']?.split(' ').length

/** Reads the stored secrets of a webhook of the first tenant, opened as only the domain can, and the end of its rotation. */
async function kept(server: TestServer, id: string) {
  const { ctx, tenantId } = server
  return ctx.store.read(tenantId, async (db) => {
    const row = await db
      .selectFrom('webhook_endpoint')
      .selectAll()
      .where('webhook_id', '=', id)
      .executeTakeFirstOrThrow()
    const rotation = await db
      .selectFrom('webhook_rotation')
      .select('ends_at')
      .where('webhook_id', '=', id)
      .executeTakeFirst()
    return {
      row,
      ...createOpener(ctx, () => {})
        .webhook(row)
        .reveal(),
      endsAt: rotation?.ends_at,
    }
  })
}

for (const database of databases) {
  const open = (t: TestContext) => openDelivery(t, database)

  test(`${database}: while a secret is rotated, receivers go on with the old one or the new one, and after a day with the new one alone`, async (t) => {
    const { server, clock, receivers, worker } = await open(t)
    const { id, secret: old } = await createWebhook(server, {
      url: 'https://a.example/',
      headers: [{ key: 'x-token', value: 'a token' }],
    })
    const send = async () => {
      await connect(server, 'ups')
      await worker.tick()
      return receivers.at('a.example').at(-1)
    }
    assert.deepEqual(accepting(await send(), [old]), [0])
    assert.equal(signatures(receivers.seen.at(-1)), 1)
    const { secret: next, endsAt } = await rotate(server, id)
    assert.equal(Date.parse(endsAt) - clock.now().getTime(), DAY)
    assert.deepEqual(
      (await actorsAndActions(server))[0],
      `key:${server.key.split('_')[1]} webhook.secret_rotated`,
    )
    const both = await send()
    assert.deepEqual(accepting(both, [old, next]), [0, 1])
    assert.equal(signatures(both), 2)
    assert.equal(both?.headers['x-token'], 'a token')
    clock.forward(DAY - 1)
    assert.deepEqual(accepting(await send(), [old, next]), [0, 1], 'a moment before the end')
    clock.forward(1)
    const last = await send()
    assert.deepEqual([signatures(last), accepting(last, [old, next])], [1, [1]])
    assert.equal(last?.headers['x-token'], 'a token')
    const scanned = server.logs.join('') + JSON.stringify(await server.request('GET', '/v1/audit'))
    for (const secret of [old, next]) assert.ok(!scanned.includes(secret.slice(6, 30)))
  })

  test(`${database}: a further rotation drops the oldest secret at once, and the day begins anew`, async (t) => {
    const { server, clock, receivers, worker } = await open(t)
    const { id, secret } = await createWebhook(server, { url: 'https://a.example/' })
    const secrets = [secret]
    for (let turn = 0; turn < 3; turn += 1) {
      clock.forward(MINUTE)
      secrets.push((await rotate(server, id)).secret)
    }
    assert.equal(new Set(secrets).size, 4)
    await connect(server, 'ups')
    await worker.tick()
    const [sent] = receivers.seen
    assert.deepEqual([signatures(sent), accepting(sent, secrets)], [2, [2, 3]])
    const { signing, previous, endsAt } = await kept(server, id)
    assert.deepEqual([signing, previous?.signing], [secrets[3], secrets[2]])
    assert.equal(endsAt, new Date(clock.now().getTime() + DAY).toISOString())
    assert.equal(previous?.endsAt, endsAt)
  })

  test(`${database}: the old secret is erased when its time is over, though nothing is sent, for every tenant and also where the webhook is disabled`, async (t) => {
    const { server, clock, worker } = await open(t)
    const key = await server.newKey({ tenantId: await server.newTenant() })
    const [mine, stopped] = [
      await createWebhook(server, { url: 'https://a.example/' }),
      await createWebhook(server, { url: 'https://b.example/' }),
    ]
    const foreign = await createWebhook(server, { url: 'https://c.example/' }, key)
    const first = await rotate(server, mine.id)
    await rotate(server, stopped.id)
    await rotate(server, foreign.id, key)
    await server.ctx.store.transaction(server.tenantId, (tx) =>
      tx
        .updateTable('webhook_endpoint')
        .set({ disabled_at: clock.now().toISOString() })
        .where('webhook_id', '=', stopped.id)
        .execute(),
    )
    const rotations = () =>
      server.ctx.store.cross({ path: 'deliver' }, (db) =>
        db.selectFrom('webhook_rotation').select('webhook_id').execute(),
      )
    const rotating = async () => (await rotations()).map(({ webhook_id }) => webhook_id)
    clock.forward(12 * HOUR)
    const latest = await rotate(server, mine.id)
    clock.forward(12 * HOUR - 1)
    await worker.tick()
    assert.equal((await rotating()).length, 3, 'not a moment too soon')
    clock.forward(MINUTE)
    await worker.tick()
    assert.deepEqual(await rotating(), [mine.id], 'of a later rotation the day is not over')
    assert.equal((await kept(server, stopped.id)).previous, undefined)
    const held = await kept(server, mine.id)
    assert.deepEqual([held.signing, held.previous?.signing], [latest.secret, first.secret])
    clock.forward(12 * HOUR)
    await Promise.all([worker.tick(), createDeliveries(server.ctx).tick()])
    assert.deepEqual(await rotating(), [])
    const done = await kept(server, mine.id)
    assert.deepEqual([done.signing, done.previous], [latest.secret, undefined])
    assert.equal(done.row.sealed_version, held.row.sealed_version + 1, 'erased once')
  })

  test(`${database}: a change of headers keeps both secrets, and a deleted webhook leaves nothing to erase`, async (t) => {
    const { server, clock, receivers, worker } = await open(t)
    const { id, secret: old } = await createWebhook(server, { url: 'https://a.example/' })
    const { secret: next } = await rotate(server, id)
    const body = { headers: [{ key: 'x-new', value: 'new' }] }
    assert.equal((await server.request('PUT', `${PATH}/${id}`, { body })).status, 204)
    await connect(server, 'ups')
    await worker.tick()
    assert.deepEqual(accepting(receivers.seen[0], [old, next]), [0, 1])
    assert.equal(receivers.seen[0]?.headers['x-new'], 'new')
    assert.equal((await server.request('DELETE', `${PATH}/${id}`)).status, 204)
    const left = await server.ctx.store.read(server.tenantId, (db) =>
      db.selectFrom('webhook_rotation').selectAll().execute(),
    )
    assert.deepEqual(left, [])
    clock.forward(2 * DAY)
    await worker.tick()
    assert.equal((await actorsAndActions(server)).filter((one: string) => one.startsWith('system')).length, 0)
  })

  test(`${database}: who writes to the database cannot lengthen the day, and what was altered is put on record once`, async (t) => {
    const { server, clock, receivers, worker } = await open(t)
    const [lengthened, altered] = [
      await createWebhook(server, { url: 'https://a.example/' }),
      await createWebhook(server, { url: 'https://b.example/' }),
    ]
    await rotate(server, lengthened.id)
    await rotate(server, altered.id)
    await server.ctx.store.transaction(server.tenantId, async (tx) => {
      await tx
        .updateTable('webhook_rotation')
        .set({ ends_at: '9999-01-01T00:00:00.000Z' })
        .where('webhook_id', '=', lengthened.id)
        .execute()
      await tx
        .updateTable('webhook_endpoint')
        .set({ sealed: Buffer.alloc(300, 7) })
        .where('webhook_id', '=', altered.id)
        .execute()
    })
    clock.forward(DAY)
    for (let minute = 0; minute < 3; minute += 1) {
      await worker.tick()
      clock.forward(MINUTE)
    }
    const violations = (await actorsAndActions(server)).filter(
      (one: string) => one === 'system integrity.violation',
    )
    assert.equal(violations.length, 1)
    await connect(server, 'ups')
    await worker.tick()
    assert.equal(signatures(receivers.at('a.example')[0]), 1)
    assert.equal((await server.request('POST', `${PATH}/${altered.id}/rotate_secret`)).status, 500)
  })
}
