import { parseConfig } from '../config.ts'
import { readArgs, withContext, type Command } from './command.ts'

/** Brings the database up to date; a server does the same when it starts. */
export const migrate: Command['run'] = async ({ env, args, print }) => {
  readArgs(args, {})
  const { config } = parseConfig(env)
  await withContext(env, async () => print(`The ${config.database.kind} database is up to date.`))
  return 0
}
