import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as pause } from 'node:timers/promises'

// `node bench/start.ts` measures the time from a cold start to the first 200, and the resident memory at rest.
// It measures a bare node:http server in the same run, for comparison.
const ROUNDS = 7
const SETTLE_MS = 2_000
const hawser = fileURLToPath(new URL('../bin/hawser.js', import.meta.url))
const bare = `require('node:http').createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1', function () {
  console.log(JSON.stringify({ msg: 'listening', address: 'http://127.0.0.1:' + this.address().port })) })`

type Measured = { startMs: number; residentMiB: number }

/** Starts a program, asks it until it answers 200, lets it rest, reads its memory, and stops it. */
async function measure(words: string[], directory: string, path: string): Promise<Measured> {
  const begin = performance.now()
  const child = spawn(process.execPath, words, {
    cwd: directory,
    env: {
      PATH: process.env.PATH,
      HAWSER_PORT: '0',
      HAWSER_DATABASE_URL: `sqlite:${join(directory, 'data', 'hawser.db')}`,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  const address = await new Promise<string>((resolve) =>
    child.stdout.on('data', (chunk) => {
      text += chunk
      const found = /"address":"([^"]+)"/.exec(text)?.[1]
      if (found) resolve(found)
    }),
  )
  const { status } = await fetch(address + path)
  if (status !== 200) throw new Error(`${path} answered ${status}`)
  const startMs = performance.now() - begin
  await pause(SETTLE_MS)
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]
  child.kill('SIGTERM')
  await new Promise((resolve) => child.once('exit', resolve))
  return { startMs, residentMiB: Number(kib) / 1024 }
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN

const directory = mkdtempSync(join(tmpdir(), 'hawser-bench-'))
try {
  const first = await measure([hawser, 'serve'], directory, '/healthz')
  const rounds: { hawser: Measured; bare: Measured }[] = []
  for (let round = 0; round < ROUNDS; round += 1)
    rounds.push({
      hawser: await measure([hawser, 'serve'], directory, '/healthz'),
      bare: await measure(['-e', bare], directory, '/'),
    })
  const middle = (pick: (round: (typeof rounds)[number]) => number) => median(rounds.map(pick))
  console.log(`very first start (database and key made)  ${first.startMs.toFixed(0)} ms`)
  console.log(`start to first 200, median of ${ROUNDS}`)
  console.log(`  Hawser on SQLite   ${middle(({ hawser: { startMs } }) => startMs).toFixed(0)} ms`)
  console.log(`  bare node:http     ${middle(({ bare: { startMs } }) => startMs).toFixed(0)} ms`)
  console.log(
    `  ratio              ${middle((round) => round.hawser.startMs / round.bare.startMs).toFixed(2)}`,
  )
  console.log(`resident memory at rest, median of ${ROUNDS}`)
  console.log(`  Hawser on SQLite   ${middle(({ hawser: { residentMiB } }) => residentMiB).toFixed(0)} MiB`)
  console.log(`  bare node:http     ${middle(({ bare: { residentMiB } }) => residentMiB).toFixed(0)} MiB`)
  console.log(
    `  ratio              ${middle((round) => round.hawser.residentMiB / round.bare.residentMiB).toFixed(2)}`,
  )
} finally {
  rmSync(directory, { recursive: true, force: true })
}
