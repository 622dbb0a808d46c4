import { parseConfig } from '../../config.ts'
import { prepareDatabase } from '../../open-installation.ts'
import { StartRefused } from '../../errors.ts'
import type { CommandCall } from '../command.ts'
import { withContext } from '../with-context.ts'

/** Brings the database up to date, which a server also does when it starts. Where there is no installation, `migrate` does so only with the option `--prepare`. */
export async function migrate({ env, values, print }: CommandCall<{ prepare?: boolean }>): Promise<number> {
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
