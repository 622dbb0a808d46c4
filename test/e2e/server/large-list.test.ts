import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { databases } from '../../support/database/databases.ts'
import { openWorkspace, type Workspace } from '../../support/processes/workspace.ts'
import { requireFirstKeys } from '../../support/processes/first-keys.ts'
import type { ServerProcess } from '../../support/processes/server-process.ts'

const CONNECTIONS = 5_000
const LISTS = 12

/** Returns the resident memory of a process in MiB, as the kernel counts it. */
function resident(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib) / 1024
}

for (const database of databases)
  describe(
    `${CONNECTIONS} connections of one account (${database})`,
    { skip: process.platform === 'linux' ? false : 'memory is read from /proc' },
    () => {
      let workspace: Workspace
      let server: ServerProcess
      let key: string

      before(async () => {
        workspace = await openWorkspace(database)
        // The memory of the server is limited, because otherwise the test would measure garbage that is not collected yet.
        const NODE_OPTIONS = '--max-old-space-size=96 --max-semi-space-size=4'
        server = await workspace.serve({ HAWSER_RATE_LIMIT: 'off', NODE_OPTIONS })
        const { production } = requireFirstKeys(server.stdout())
        key = production
        const connect = async () => {
          const body = { ...connectBodies.ups, account_number: unique() }
          const { status } = await server.request('POST', '/v1/connections/carriers/ups', { key, body })
          assert.equal(status, 200)
        }
        for (let sent = 0; sent < CONNECTIONS; sent += 50)
          await Promise.all(Array.from({ length: 50 }, connect))
      })
      after(() => workspace.remove())

      const list = async (onChunk: (bytes: number) => void = () => {}) => {
        const response = await fetch(`${server.address}/v1/carriers`, { headers: { 'API-Key': key } })
        assert.equal(response.headers.get('content-length'), null)
        let bytes = 0
        for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
          bytes += chunk.length
          onChunk(bytes)
        }
        return bytes
      }

      test('the list arrives whole, in parts, and leaves memory where it was', async () => {
        const whole = await (
          await fetch(`${server.address}/v1/carriers`, { headers: { 'API-Key': key } })
        ).json()
        assert.equal((whole as { carriers: unknown[] }).carriers.length, CONNECTIONS)
        for (let turn = 0; turn < 3; turn += 1) await list()
        const settled = resident(server.pid)
        let peak = 0
        let size = 0
        for (let turn = 0; turn < LISTS; turn += 1) {
          size = await list(() => (peak = Math.max(peak, resident(server.pid))))
        }
        console.log(
          `${database}: ${(size / 1048576).toFixed(1)} MiB a list, resident ${settled.toFixed(0)} MiB before and at most ${peak.toFixed(0)} MiB during ${LISTS} lists`,
        )
        assert.ok(size > 20 * 1048576, 'a list is much larger than what may be held of it')
        assert.ok(peak < settled * 1.25 + 16, `${peak} MiB after ${settled} MiB`)
      })

      test('a reader that goes away ends its list and nothing else', async () => {
        for (let turn = 0; turn < 10; turn += 1) {
          const stop = new AbortController()
          const response = await fetch(`${server.address}/v1/carriers`, {
            headers: { 'API-Key': key },
            signal: stop.signal,
          })
          await response.body?.getReader().read()
          stop.abort()
        }
        assert.equal((await server.request('GET', '/healthz')).status, 200)
        assert.ok((await list()) > 0)
      })
    },
  )
