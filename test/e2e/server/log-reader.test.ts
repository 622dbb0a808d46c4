import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { logLines, waitForEnd } from '../../support/processes/run-program.ts'
import { openWorkspace } from '../../support/processes/workspace.ts'

const DRAIN_SECONDS = 2
/** Each request writes a line of the log; together they are many more than a pipe and the server's buffer for its reader can hold. */
const REQUESTS = 9_000
const AT_ONCE = 20

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

describe(
  'a log reader that stalls',
  { skip: process.platform === 'linux' ? false : 'memory is read from /proc' },
  () => {
    test('costs a bounded memory, is told what it missed, and does not hold up the end', async () => {
      const workspace = await openWorkspace('sqlite')
      const port = await freePort()
      const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
      try {
        const running = workspace.start(['serve'], {
          HAWSER_PORT: `${port}`,
          HAWSER_RATE_LIMIT: 'off',
          HAWSER_DRAIN_TIMEOUT: `${DRAIN_SECONDS}`,
        })
        const { child, stdout } = running
        while (!stdout().includes('"msg":"listening"')) await pause(20)
        const healthz = () =>
          new Promise<number>((resolve, reject) => {
            get({ agent, port, host: '127.0.0.1', path: '/healthz' }, (response) => {
              response.resume().once('end', () => resolve(response.statusCode ?? 0))
            }).once('error', reject)
          })
        const ask = async (count: number) => {
          let left = count
          const client = async () => {
            while (left > 0) {
              left -= 1
              assert.equal(await healthz(), 200)
            }
          }
          await Promise.all(Array.from({ length: AT_ONCE }, client))
        }

        child.stdout?.pause()
        await ask(REQUESTS)
        const full = resident(child.pid)
        await ask(REQUESTS)
        const later = resident(child.pid)
        assert.ok(later < full + 16, `${later} MiB after ${full} MiB`)

        child.stdout?.resume()
        const dropped = () => logLines(stdout()).find(({ dropped }) => dropped !== undefined)?.dropped
        for (let turn = 0; turn < 250 && dropped() === undefined; turn += 1) {
          await pause(20)
          await healthz()
        }
        const lines = logLines(stdout()).filter(({ route }) => route === '/healthz').length
        assert.ok((dropped() as number) > REQUESTS, 'it says how much was dropped')
        assert.ok(lines > 1_000, 'what was kept is there')

        child.stdout?.pause()
        await ask(REQUESTS)
        agent.destroy()
        const start = performance.now()
        child.kill('SIGTERM')
        await once(child, 'exit')
        assert.ok(performance.now() - start < (DRAIN_SECONDS + 3) * 1_000)
        assert.deepEqual([child.exitCode, child.signalCode], [0, null])
        child.stdout?.resume()
        await waitForEnd(running)
      } finally {
        agent.destroy()
        await workspace.remove()
      }
    })
  },
)

/** Returns the resident memory of a process in MiB, as the kernel counts it. */
function resident(pid = 0): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib) / 1024
}
