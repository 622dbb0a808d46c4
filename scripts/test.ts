import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { startPostgres } from '../test/support/postgres-server.ts'

// node scripts/test.ts [--sqlite] [file …]: runs the tests, on both databases unless told otherwise.
const words = process.argv.slice(2)
const named = words.filter((word) => !word.startsWith('--'))
const files = named.length > 0 ? named : globSync(['src/**/*.test.ts', 'test/**/*.test.ts']).sort()
const sqliteOnly = words.includes('--sqlite')

const server = sqliteOnly ? undefined : await startPostgres()
try {
  process.exitCode = await runTests(server?.url)
} finally {
  await server?.stop()
}

function runTests(url: string | undefined): Promise<number> {
  const child = spawn(process.execPath, ['--test', '--test-reporter=./scripts/test-reporter.ts', ...files], {
    stdio: 'inherit',
    env: {
      ...process.env,
      ...(url ? { HAWSER_TEST_POSTGRES_URL: url } : {}),
    },
  })
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
}
