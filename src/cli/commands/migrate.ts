import { parseConfig } from '../../config.ts'
import { prepareDatabase } from '../../context.ts'
import { StartRefused } from '../../errors.ts'
import type { Call } from '../command.ts'
import { withContext } from '../with-context.ts'

/** Brings the database up to date; a server does the same when it starts. Only when asked for does it do so where there is no installation. */
export async function migrate({ env, values, print }: Call<{ prepare?: boolean }>): Promise<number> {
  const { config } = parseConfig(env)
  const { kind } = config.database
  if (values.prepare) {
    if (kind === 'sqlite')
      throw new StartRefused('--prepare is for PostgreSQL: "hawser serve" makes a SQLite file.')
    await prepareDatabase(config)
  } else await withContext(env, async () => {})
  print(`The ${kind} database is up to date.`)
  return 0
}
