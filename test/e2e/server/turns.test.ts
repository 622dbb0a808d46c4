import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { connectBodies } from '../../support/connections/connect-bodies.ts'
import { unique } from '../../support/unique.ts'
import { openWorkspace } from '../../support/processes/workspace.ts'
import { requireFirstKeys } from '../../support/processes/first-keys.ts'

const CLIENTS = 100
const BURST_MS = 4_000
const PATH = '/v1/connections/carriers/stamps_com'
const probe = fileURLToPath(new URL('../../../bench/probe.ts', import.meta.url))

/** This program starts a server without taking turns, as the control. */
const GIVEN_AT_ONCE = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      if (!url.endsWith('/src/turns.ts')) return loaded
      return { ...loaded, source: String(loaded.source).replace('SLICE_MS = 5', 'SLICE_MS = Infinity') }
    },
  })`)}`

/** Measures how long a probe over new TCP connections and another account wait while clients of one account replace credentials and read the whole list. */
async function waits(settings: Record<string, string>): Promise<{ healthz: number[]; other: number[] }> {
  const workspace = await openWorkspace('sqlite')
  try {
    const server = await workspace.serve({ HAWSER_RATE_LIMIT: 'off', ...settings })
    const { production: key } = requireFirstKeys(server.stdout())
    const json = async (...words: string[]) => JSON.parse((await workspace.run([...words, '--json'])).stdout)
    const { id } = await json('tenants', 'create', '--name', 'other')
    const other = await json(
      ...['keys', 'create', '--tenant', id, '--environment', 'production', '--scopes', 'read'],
    )
    const body = () => ({ ...connectBodies.stamps_com, username: unique() })
    const ids: string[] = []
    for (let number = 0; number < CLIENTS; number += 1)
      ids.push((await server.request('POST', PATH, { key, body: body() })).json.carrier_id)

    const probing = spawn(process.execPath, [probe, server.address, other.key], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let told = ''
    probing.stdout.setEncoding('utf8').on('data', (text: string) => (told += text))
    const ended = new Promise((resolve) => probing.once('close', resolve))
    const end = performance.now() + BURST_MS
    const until = async (ask: () => Promise<{ status: number }>) => {
      while (performance.now() < end) assert.equal((await ask()).status, 200)
    }
    await Promise.all([
      ...ids.map((carrierId) =>
        until(() => server.request('PUT', `${PATH}/${carrierId}`, { key, body: body() })),
      ),
      until(() => server.request('GET', '/v1/carriers', { key })),
    ])
    await pause(100)
    probing.stdin.end()
    await ended
    return JSON.parse(told)
  } finally {
    await workspace.remove()
  }
}

describe('a burst of one account', () => {
  test('holds up neither a probe over a new connection nor another account, and without turns it does', async () => {
    const fair = await waits({})
    const control = await waits({ NODE_OPTIONS: `--import=${GIVEN_AT_ONCE}` })
    const longest = {
      healthz: [Math.max(...fair.healthz), Math.max(...control.healthz)],
      other: [Math.max(...fair.other), Math.max(...control.other)],
    }
    for (const [name, [own = NaN, without = NaN]] of Object.entries(longest))
      assert.ok(own < without / 2, `${name} waited ${own} ms, and without turns ${without} ms`)
  })
})
