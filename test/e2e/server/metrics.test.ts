import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { freePort } from '../../support/server/free-port.ts'
import { openWorkspace, type Workspace } from '../../support/processes/workspace.ts'
import { requireFirstKeys } from '../../support/processes/first-keys.ts'
import type { ServerProcess } from '../../support/processes/server-process.ts'

describe('metrics', () => {
  let workspace: Workspace
  let server: ServerProcess
  let port: number
  before(async () => {
    workspace = await openWorkspace('sqlite')
    port = await freePort()
    server = await workspace.serve({ HAWSER_METRICS_PORT: `${port}` })
  })
  after(() => workspace.remove())

  test('stand on a port of their own, count requests by route, and name no id', async () => {
    const { sandbox } = requireFirstKeys(server.stdout())
    await server.request('GET', '/v1/carriers/se-1234567890', { key: sandbox })
    await server.request('GET', '/v1/secret-looking-path')
    await server.request('GET', '/v1/carriers')
    await server.request('GET', '/v1/carriers', { key: 'hws_secret-looking' })
    await server.request('GET', '/v1/partners/accounts', { key: sandbox })
    // The server counts an answer only after it has sent the answer.
    let text = ''
    for (let tries = 0; tries < 50 && !text.includes('condition="scope_missing"'); tries += 1) {
      await pause(tries * 5)
      text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    }
    assert.match(
      text,
      /hawser_requests_total\{method="GET",route="\/v1\/carriers\/:carrier_id",status="404"\} 1/,
    )
    assert.match(text, /hawser_requests_total\{method="GET",route="unknown",status="404"\} 1/)
    assert.match(text, /hawser_request_seconds_bucket/)
    for (const condition of ['key_absent', 'key_malformed', 'scope_missing', 'route_unknown'])
      assert.match(text, new RegExp(`hawser_refusals_total\\{condition="${condition}"\\} 1`))
    assert.match(text, /hawser_process_resident_memory_bytes/)
    assert.doesNotMatch(text, /se-1234567890|secret-looking|hws_/)
    assert.equal((await server.request('GET', '/metrics')).status, 404, 'not on the port of the API')
    const nothing = await fetch(`http://127.0.0.1:${port}/`)
    assert.equal(nothing.status, 404)
    assert.match(await nothing.text(), /"error_source":"shipengine"/)
  })

  test('are not served unless asked for', async () => {
    const other = await openWorkspace('sqlite')
    try {
      const quiet = await other.serve()
      assert.equal((await quiet.request('GET', '/metrics')).status, 404)
    } finally {
      await other.remove()
    }
  })
})
