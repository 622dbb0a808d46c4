import { spawn } from 'node:child_process'
import { existsSync, globSync, statfsSync } from 'node:fs'
import { startPostgres } from '../test/support/database/postgres-server.ts'

// node scripts/test.ts [--sqlite] [--quick] [file …]: runs the tests, on both databases unless told otherwise.
// --quick leaves out what starts whole programs or is long (`….long.test.ts`), sends fewer generated bodies, and lets one file work while another waits.
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

// Thousands of durable commits wait for the disk in vain here: a crash of the machine is not among the tests.
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
        // Each file is a process of its own that reads the same modules.
        NODE_COMPILE_CACHE: 'node_modules/.cache/node',
        ...(url ? { HAWSER_TEST_POSTGRES_URL: url } : {}),
        ...(isQuick ? { HAWSER_TEST_QUICK: '1' } : {}),
      },
    },
  )
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
}
