import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Webhook } from 'standardwebhooks'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { fastClock } from '../../support/clock.ts'
import { databases } from '../../support/database/databases.ts'
import { openTestServer } from '../../support/server/test-server.ts'
import { createWebhook } from '../../support/webhooks/create-webhook.ts'
import { outbox } from '../../support/webhooks/outbox.ts'

const PROCESSES = 3
const KILLS = 12
const program = fileURLToPath(new URL('../../support/webhooks/delivery-process.ts', import.meta.url))

type Posted = { id: string; address: string; body: string; headers: Record<string, string> }

/** Opens a receiver on loopback that answers slowly, and records which deliveries it gets at the same time. */
async function openReceiver(t: TestContext) {
  const [posted, underWay] = [[] as Posted[], new Set<string>()]
  const state = { overlaps: 0, url: '' }
  const listener = createServer((request, response) => {
    const headers = request.headers as Record<string, string>
    const { 'webhook-id': id = '', 'x-address': address = '' } = headers
    const what = `${id} ${address}`
    if (underWay.has(what)) state.overlaps += 1
    underWay.add(what)
    // The TCP connection of a killed process closes, so its delivery is no longer under way.
    response.once('close', () => underWay.delete(what))
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      posted.push({ id, address, headers, body: Buffer.concat(chunks).toString('utf8') })
      setTimeout(() => response.writeHead(204).end(), Math.random() * 30)
    })
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  t.after(() => listener.close())
  state.url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`
  return { posted, state }
}

for (const database of databases)
  test(`${database}: three processes that are killed again and again deliver everything, and nothing twice at a time`, async (t) => {
    const started = Date.now()
    const server = await openTestServer(database, { clock: fastClock(started), repeatTransactions: false })
    t.after(server.close)
    const { posted, state } = await openReceiver(t)
    const secrets = new Map<string, string>()
    for (const host of ['a', 'b']) {
      const url = `https://${host}.example/`
      secrets.set(url, (await createWebhook(server, { url })).secret)
    }
    const launch = () =>
      spawn(process.execPath, [program], {
        env: { ...server.env, RECEIVER: state.url, STARTED: `${started}` },
        stdio: ['ignore', 'ignore', 'inherit'],
      })
    const children: ChildProcess[] = Array.from({ length: PROCESSES }, launch)
    t.after(() => children.forEach((child) => child.kill('SIGKILL')))
    let isLoading = true
    const loading = (async () => {
      while (isLoading) {
        const body = { ...connectBodies.ups, account_number: unique() }
        const { status } = await server.request('POST', '/v1/connections/carriers/ups', { body })
        assert.equal(status, 200)
        await pause(5)
      }
    })()
    for (let kill = 0; kill < KILLS; kill += 1) {
      const known = posted.length
      const until = Date.now() + 5_000
      while (posted.length <= known && Date.now() < until) await pause(1)
      await pause(Math.random() * 100)
      const at = kill % PROCESSES
      children[at]?.kill('SIGKILL')
      children[at] = launch()
    }
    isLoading = false
    await loading
    const messages = (await outbox(server)).map(({ message_id }) => message_id)
    const missing = () => {
      const seen = new Set(posted.map(({ id, address }) => `${id} ${address}`))
      return messages.flatMap((id) => [...secrets.keys()].filter((url) => !seen.has(`${id} ${url}`)))
    }
    const until = Date.now() + 30_000
    while (missing().length > 0 && Date.now() < until) await pause(50)
    assert.deepEqual(missing(), [], `${messages.length} messages, ${posted.length} deliveries`)
    assert.equal(state.overlaps, 0)
    assert.ok(messages.length > 20)
    for (const { address, body, headers } of posted.slice(0, 50)) {
      const [id, timestamp, signature] = ['id', 'timestamp', 'signature'].map(
        (name) => headers[`webhook-${name}`] ?? '',
      )
      // The public verifier also checks the time, which runs too fast here, so the test signs the message itself and compares the signatures.
      const at = new Date(Number(timestamp) * 1_000)
      assert.equal(new Webhook(secrets.get(address) ?? '').sign(id ?? '', at, body), signature)
    }
  })
