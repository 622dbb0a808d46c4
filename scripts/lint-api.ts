import { readFileSync } from 'node:fs'
import { openTestServer } from '../test/support/server/test-server.ts'
import { listApiProblems } from './api-description/api-problems.ts'

// `node scripts/lint-api.ts [file]` checks the API description, or the one in a file, by the rules that other tools have for it. It asks no server.
const [file] = process.argv.slice(2)
const problems = await listApiProblems(
  file === undefined ? await describeServer() : readFileSync(file, 'utf8'),
)
for (const { pointer, rule, message } of problems)
  console.error(`${file ?? 'openapi.json'}:${pointer}: ${rule}: ${message}`)
if (problems.length > 0) process.exitCode = 1

/** Reads the API description that a server of this checkout answers, without listening. */
async function describeServer(): Promise<string> {
  // A server that only answers injected requests does not keep its process alive, so this timer does.
  const alive = setInterval(() => {}, 60_000)
  const server = await openTestServer('sqlite', { repeatTransactions: false })
  try {
    return (await server.app.inject('/openapi.json')).body
  } finally {
    await server.close()
    clearInterval(alive)
  }
}
