import { parseArgs } from 'node:util'
import { parseConfig, type Environment } from '../config.ts'
import { openContext, type Context } from '../context.ts'
import { StartRefused } from '../errors.ts'
import { createLog } from '../log.ts'

/** What a command gets: the environment, its words, and where it prints. */
export type Invocation = { env: Environment; args: readonly string[]; print: (text: string) => void }

/** A command of the command line; answers its exit code. */
export type Command = { usage: string; about: string; run: (invocation: Invocation) => Promise<number> }

type Flags = Record<string, { type: 'string' | 'boolean' }>

/** The options and words of a command; throws `StartRefused` that names what it does not know, or more words than it takes. */
export function readArgs<const F extends Flags>(args: readonly string[], options: F, words = 0) {
  const read = () => parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  let parsed: ReturnType<typeof read>
  try {
    parsed = read()
  } catch (error) {
    throw new StartRefused((error as Error).message)
  }
  const [extra] = parsed.positionals.slice(words)
  if (extra !== undefined) throw new StartRefused(`Unexpected word "${extra}".`)
  return parsed
}

/** Runs `work` on the installation that the environment names, beside a running server or without one; where there is none, it makes none. */
export async function withContext<T>(env: Environment, work: (ctx: Context) => Promise<T>): Promise<T> {
  const { config } = parseConfig(env)
  const log = createLog('fatal')
  const ctx = await openContext(config, log, { wanted: 'existing' })
  try {
    return await work(ctx)
  } finally {
    await ctx.store.close()
  }
}

/** A required option; throws `StartRefused` that names it. */
export function requireOption(value: string | undefined, name: string): string {
  if (value) return value
  throw new StartRefused(`--${name} is required.`)
}
