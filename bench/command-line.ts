import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

// `node bench/command-line.ts [--rounds=15] [--most=3]` compares the time of each command with the time of the shortest program that Node runs.
// It runs them in turn, prints medians, and exits with 1 where `keys list` takes more than `--most` times as long.
const flag = (name: string, usual: number) =>
  Number(process.argv.find((word) => word.startsWith(`--${name}=`))?.split('=')[1] ?? usual)
const ROUNDS = flag('rounds', 15)
const MOST = flag('most', 3)
const hawser = fileURLToPath(new URL('../bin/hawser.js', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'hawser-bench-'))
const env = {
  PATH: process.env.PATH,
  HAWSER_PORT: '0',
  HAWSER_DATABASE_URL: `sqlite:${join(directory, 'data', 'hawser.db')}`,
}
const programs: Record<string, string[]> = {
  'node -e 0': ['-e', '0'],
  help: [hawser, 'help'],
  'keys list': [hawser, 'keys', 'list'],
  'tenants list': [hawser, 'tenants', 'list'],
  'keys list --json': [hawser, 'keys', 'list', '--json'],
  'catalog show ups': [hawser, 'catalog', 'show', 'ups'],
  doctor: [hawser, 'doctor'],
}

async function makeInstallation(): Promise<void> {
  const server = spawn(process.execPath, [hawser, 'serve'], { cwd: directory, env })
  await new Promise<void>((resolve) =>
    server.stdout.on('data', (chunk) => String(chunk).includes('listening') && resolve()),
  )
  server.kill('SIGTERM')
  await new Promise((resolve) => server.once('exit', resolve))
}

function measure(words: string[]): number {
  const start = performance.now()
  const { status, stderr } = spawnSync(process.execPath, words, { cwd: directory, env })
  if (status !== 0) throw new Error(`${words.join(' ')}: ${status} ${String(stderr)}`)
  return performance.now() - start
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN

try {
  await makeInstallation()
  const took: Record<string, number[]> = Object.fromEntries(Object.keys(programs).map((name) => [name, []]))
  for (let round = -2; round < ROUNDS; round += 1)
    for (const [name, words] of Object.entries(programs)) {
      const ms = measure(words)
      if (round >= 0) took[name]?.push(ms)
    }
  const bare = median(took['node -e 0'] ?? [])
  for (const [name, times] of Object.entries(took))
    console.log(
      `${name.padEnd(18)}${median(times).toFixed(0).padStart(6)} ms${(median(times) / bare).toFixed(2).padStart(8)}`,
    )
  process.exitCode = median(took['keys list'] ?? []) > MOST * bare ? 1 : 0
} finally {
  rmSync(directory, { recursive: true, force: true })
}
