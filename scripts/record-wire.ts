import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { recordAccounts } from './record-wire/accounts.ts'
import { firstDifferences } from './record-wire/compare.ts'
import { recordConnections } from './record-wire/connections.ts'
import { recordEveryCarrier } from './record-wire/every-carrier.ts'
import { recordEveryRoute } from './record-wire/every-route.ts'
import { recordProduction } from './record-wire/production.ts'
import { openProgram } from './record-wire/program.ts'
import { recordShipments } from './record-wire/shipments.ts'

// `node scripts/record-wire.ts --program <checkout> --out <file>` sends the requests of this checkout to the program of that one, and writes one line for each answer.
// `node scripts/record-wire.ts --compare <file> <file>` prints the first lines in which two records differ, and exits with 1 when there are any.
const { values, positionals } = parseArgs({
  options: { program: { type: 'string' }, out: { type: 'string' }, compare: { type: 'boolean' } },
  allowPositionals: true,
})

if (values.compare) compare(positionals)
else await record(resolve(values.program ?? '.'), values.out ?? 'wire.txt')

async function record(checkout: string, file: string): Promise<void> {
  const { client, simulator, close } = await openProgram(checkout)
  try {
    await recordEveryRoute(client)
    await recordConnections(client)
    await recordShipments(client)
    await recordProduction(client, simulator)
    await recordAccounts(client)
    await recordEveryCarrier(client)
    writeFileSync(file, `${client.lines.join('\n')}\n`)
    console.log(`${client.lines.length} requests of ${checkout} are recorded in ${file}.`)
  } finally {
    await close()
  }
}

function compare([before = '', after = '']: string[]): void {
  const differences = firstDifferences(readFileSync(before, 'utf8'), readFileSync(after, 'utf8'))
  for (const { line, request, before: was, after: is } of differences)
    console.log(`line ${line}: ${request}\n- ${was}\n+ ${is}`)
  console.log(differences.length === 0 ? 'The records are the same.' : 'The records differ.')
  process.exitCode = differences.length === 0 ? 0 : 1
}
