import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request as ask } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { fillAttempts, fillConnections, fillEvents } from './many-rows.ts'

// `node bench/turns.ts [--control=DIRECTORY] [--events=1000000] [--attempts=300000] [--connections=50000] [--seconds=5]`
// measures on SQLite how long a probe over a new TCP connection and another account wait while one account sends bursts and reads long lists.
// The control is a checkout of an earlier commit, with its packages installed; both are measured in one run.
const option = (name: string) =>
  process.argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3)
const count = (name: string, usual: number) => Number(option(name) ?? usual)
const EVENTS = count('events', 1_000_000)
const ATTEMPTS = count('attempts', 300_000)
const CONNECTIONS = count('connections', 50_000)
const BURST_MS = count('seconds', 5) * 1_000
const CLIENTS = 200
const IMPORTS = 60
const LABELS = 100
const HEALTHZ_MS = 100
const REQUEST_MS = 250

type Place = { address: string; key: string; agent: Agent }

async function send(
  { address, key, agent }: Place,
  method: string,
  path: string,
  { body }: { body?: object } = {},
) {
  const sent = ask(`${address}${path}`, {
    method,
    agent,
    headers: { 'API-Key': key, ...(body ? { 'content-type': 'application/json' } : {}) },
  })
  sent.end(body && JSON.stringify(body))
  const [response] = (await once(sent, 'response')) as [NodeJS.ReadableStream & { statusCode: number }]
  const chunks: Buffer[] = []
  for await (const chunk of response as AsyncIterable<Buffer>) if (method !== 'GET') chunks.push(chunk)
  if (response.statusCode >= 300) throw new Error(`${method} ${path} answered ${response.statusCode}`)
  return chunks.length > 0 ? (JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>) : {}
}

const credentials = (number: number) => ({
  nickname: `Postage ${number}`,
  username: `user-${number}`,
  password: `pass-${Math.random()}`,
})
const STAMPS = '/v1/connections/carriers/stamps_com'
const together = (number: number, work: (index: number) => Promise<unknown>) =>
  Promise.all(Array.from({ length: number }, (_, index) => work(index)))

type Scenario = {
  name: string
  prepare?: (place: Place) => Promise<void>
  run: (place: Place) => Promise<void>
}

/** Lets clients replace credentials for a while; each client has its own connection. */
function updates(clients: number): Scenario {
  const ids: string[] = []
  return {
    name: `${clients} clients of PUT`,
    prepare: async (place) => {
      for (let number = 0; number < clients; number += 1)
        ids.push(
          (await send(place, 'POST', STAMPS, { body: credentials(clients * 1_000 + number) })).carrier_id ??
            '',
        )
    },
    run: async (place) => {
      const end = performance.now() + BURST_MS
      await together(clients, async (index) => {
        while (performance.now() < end)
          await send(place, 'PUT', `${STAMPS}/${ids[index]}`, { body: credentials(clients * 1_000 + index) })
      })
    },
  }
}

const get = (name: string, paths: string[], prepared: Pick<Scenario, 'prepare'> = {}): Scenario => ({
  name,
  ...prepared,
  run: async (place) => {
    for (const path of paths) await send(place, 'GET', path)
  },
})

function scenarios(database: string): Scenario[] {
  const write = (work: (db: DatabaseSync, tenantId: string) => void) => {
    const db = new DatabaseSync(database, { timeout: 60_000 })
    try {
      work(db, String(db.prepare('select tenant_id from tenant order by created_at').get()?.tenant_id))
    } finally {
      db.close()
    }
  }
  let imported = ''
  let webhook = ''
  const attempts: string[] = []
  return [
    updates(48),
    updates(CLIENTS),
    {
      name: `${CLIENTS} requests of one key at once, over new connections`,
      run: async (place) => {
        for (let round = 0; round < 3; round += 1)
          await together(CLIENTS, () =>
            send({ ...place, agent: new Agent({ keepAlive: false }) }, 'GET', '/v1/audit?page_size=25'),
          )
      },
    },
    {
      name: `${IMPORTS} imports of ${LABELS} labels at once`,
      prepare: async (place) => {
        imported = (await send(place, 'POST', STAMPS, { body: credentials(1) })).carrier_id ?? ''
      },
      run: async (place) => {
        await together(IMPORTS, (index) =>
          send(place, 'POST', '/v1/labels/import', {
            body: {
              labels: Array.from({ length: LABELS }, (_, number) => ({
                ...{ carrier_id: imported, tracking_number: `9400${index * LABELS + number}` },
                ship_date: '2026-03-01',
              })),
            },
          }),
        )
      },
    },
    get(`a list of ${CONNECTIONS} connections`, ['/v1/carriers'], {
      prepare: async () => write((db, tenantId) => fillConnections(db, tenantId, CONNECTIONS)),
    }),
    get(
      `pages of ${EVENTS} audit events`,
      [
        ...['/v1/audit', '/v1/audit?action=connection.updated'],
        ...[`/v1/audit?page=${Math.floor(EVENTS / 50)}&page_size=25`, '/v1/audit?actor=cli'],
      ],
      { prepare: async () => write((db, tenantId) => fillEvents(db, tenantId, EVENTS)) },
    ),
    {
      name: `pages of ${ATTEMPTS} webhook attempts`,
      prepare: async (place) => {
        const wish = { event: 'carrier_connected', url: 'https://hooks.example.com/' }
        const made = await send(place, 'POST', '/v1/environment/webhooks', { body: wish })
        webhook = made.webhook_id ?? made.id ?? ''
        write((db, tenantId) => fillAttempts(db, tenantId, webhook, ATTEMPTS))
        const path = `/v1/environment/webhooks/${webhook}/attempts?page_size=25`
        attempts.push(path, `${path}&page=${Math.floor(ATTEMPTS / 50)}`)
      },
      run: async (place) => {
        for (const path of attempts) await send(place, 'GET', path)
      },
    },
  ]
}

type Figures = { healthz: number; other: number; request: number; seconds: number }

/** Runs all scenarios on a server of a checkout, with a database of its own. */
async function measure(checkout: string): Promise<Map<string, Figures>> {
  const directory = mkdtempSync(join(tmpdir(), 'hawser-turns-'))
  const database = join(directory, 'hawser.db')
  const environment = {
    PATH: process.env.PATH,
    HAWSER_PORT: '0',
    HAWSER_DATABASE_URL: `sqlite:${database}`,
    HAWSER_RATE_LIMIT: 'off',
    HAWSER_VERIFICATION: 'off',
  }
  const program = join(checkout, 'bin', 'hawser.js')
  const run = (words: string[]) =>
    spawn(process.execPath, [program, ...words], {
      cwd: directory,
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  const words = async (...given: string[]) => {
    const child = run(given)
    let text = ''
    for await (const chunk of child.stdout) text += chunk
    return JSON.parse(text.slice(text.indexOf('{'))) as Record<string, string>
  }
  const server = run(['serve'])
  let lines: string[] = []
  let rest = ''
  server.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
  })
  const figures = new Map<string, Figures>()
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS })
  try {
    while (!lines.some((line) => line.includes('"listening"'))) await once(server.stdout, 'data')
    const address = /"address":"([^"]+)"/.exec(lines.join('\n'))?.[1] ?? ''
    const key = /production +(hws_\w+)/.exec(lines.join('\n'))?.[1] ?? ''
    await words('tenants', 'create', '--name', 'other', '--json')
    const other = ['--tenant', 'other', '--environment', 'production', '--scopes', 'read,write', '--json']
    const otherKey = (await words('keys', 'create', ...other)).key ?? ''
    const place = { address, key, agent }
    for (const { name, prepare, run: work } of scenarios(database).slice(0, count('scenarios', 9))) {
      await prepare?.(place)
      const probe = spawn(
        process.execPath,
        [fileURLToPath(new URL('probe.ts', import.meta.url)), address, otherKey],
        {
          stdio: ['pipe', 'pipe', 'inherit'],
        },
      )
      let answer = ''
      probe.stdout.setEncoding('utf8').on('data', (text: string) => (answer += text))
      await new Promise((done) => setTimeout(done, 500))
      lines = []
      const start = performance.now()
      await work(place)
      const seconds = (performance.now() - start) / 1_000
      probe.stdin.end()
      await once(probe, 'close')
      const waits = JSON.parse(answer) as { healthz: number[]; other: number[] }
      figures.set(name, {
        ...{ healthz: Math.max(...waits.healthz), other: Math.max(...waits.other) },
        ...{ request: longestRequest(lines), seconds },
      })
    }
  } finally {
    agent.destroy()
    server.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
  return figures
}

/** Finds the longest time of a request from its turn to its end; a streamed list has as many turns as parts and is not counted. */
function longestRequest(lines: readonly string[]): number {
  const times = lines
    .filter((line) => line.startsWith('{') && !line.includes('"/v1/carriers"'))
    .map((line) => JSON.parse(line) as { ms?: number; waited?: number })
    .map(({ ms = 0, waited = 0 }) => ms - waited)
  return Math.max(0, ...times)
}

const print = (name: string, { healthz, other, request, seconds }: Figures) =>
  console.log(
    `  ${name.padEnd(12)} /healthz ${healthz.toFixed(0).padStart(6)}   another account ${other.toFixed(0).padStart(6)}   a request since its turn ${request.toFixed(0).padStart(6)}   all ${seconds.toFixed(1).padStart(5)} s`,
  )

const own = await measure(resolve(fileURLToPath(new URL('..', import.meta.url))))
const control = option('control')
const before = control === undefined ? undefined : await measure(resolve(control))
console.log('longest waits in ms; a request of the control has no turn and counts from its arrival')
for (const [name, figures] of own) {
  console.log(name)
  print('this', figures)
  const other = before?.get(name)
  if (other) print('control', other)
}
const late = [...own].filter(([, { healthz, request }]) => healthz > HEALTHZ_MS || request > REQUEST_MS)
for (const [name] of late)
  console.log(`over ${HEALTHZ_MS} ms for /healthz, or over ${REQUEST_MS} ms for a request: ${name}`)
process.exitCode = late.length > 0 ? 1 : 0
