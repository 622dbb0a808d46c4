import { Agent, get, type RequestOptions } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

// `node bench/probe.ts URL KEY` sends requests from its own process until its input ends, and prints how long each answer took.
// It asks for `/healthz` over a new TCP connection each time, as a liveness probe does, and for another tenant's list over one that stays.
const [address = '', key = ''] = process.argv.slice(2)
const kept = new Agent({ keepAlive: true, maxSockets: 1 })
const waits = { healthz: [] as number[], other: [] as number[] }
let isOver = false
process.stdin.resume().once('end', () => (isOver = true))

const asked = (path: string, options: RequestOptions) =>
  new Promise<number>((resolve, reject) => {
    const start = performance.now()
    get(`${address}${path}`, options, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${path} answered ${response.statusCode}`))
      response.resume().once('end', () => resolve(performance.now() - start))
    }).once('error', reject)
  })

async function again(into: number[], ask: () => Promise<number>): Promise<void> {
  while (!isOver) {
    into.push(await ask())
    await pause(10)
  }
}

await Promise.all([
  again(waits.healthz, () => asked('/healthz', { agent: new Agent({ keepAlive: false }) })),
  again(waits.other, () => asked('/v1/carriers', { agent: kept, headers: { 'API-Key': key } })),
])
kept.destroy()
process.stdout.write(JSON.stringify(waits))
