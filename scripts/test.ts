import { spawn } from 'node:child_process'
import { existsSync, globSync, statfsSync } from 'node:fs'
import { startPostgres } from '../test/support/database/postgres-server.ts'

// `node scripts/test.ts [--sqlite] [--quick] [file …]` runs the tests, with `--sqlite` on SQLite only and otherwise on both databases.
// `--quick` leaves out the tests that start whole programs or are long (`….long.test.ts`), sends fewer generated bodies, and lets one file work while another waits.
const words = process.argv.slice(2)
const named = words.filter((word) => !word.startsWith('--'))
const isQuick = words.includes('--quick')
const all = globSync(['src/**/*.test.ts', 'test/**/*.test.ts']).sort()
const files =
  named.length > 0
    ? named
    : isQuick
      ? all.filter((file) => !/^test\/e2e\/|\.long\.test\.ts$/.test(file))
      : all

// The databases of the tests are in memory where enough is free: no test crashes the machine, so thousands of commits need not wait for the disk.
const memory = '/dev/shm'
const free = existsSync(memory) ? statfsSync(memory) : undefined
if (free && free.bavail * free.bsize > 2 ** 31) process.env.TMPDIR ??= memory

const server = words.includes('--sqlite') ? undefined : await startPostgres()
try {
  process.exitCode = await runTests(server?.url)
} finally {
  await server?.stop()
}

function runTests(url: string | undefined): Promise<number> {
  const child = spawn(
    process.execPath,
    [
      '--test',
      `--test-concurrency=${isQuick ? 3 : 2}`,
      '--test-reporter=./scripts/test-reporter.ts',
      ...files,
    ],
    {
      stdio: 'inherit',
      env: {
        ...process.env,
        // Each test file has its own process, and all of them load the same modules.
        NODE_COMPILE_CACHE: 'node_modules/.cache/node',
        ...(url ? { HAWSER_TEST_POSTGRES_URL: url } : {}),
        ...(isQuick ? { HAWSER_TEST_QUICK: '1' } : {}),
      },
    },
  )
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
}
