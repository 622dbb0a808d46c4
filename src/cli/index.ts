import { run } from '../main.ts'
import { commands, usage } from './commands.ts'
import { version } from '../version.ts'

/** Runs the command line: the words after the program's name. */
export async function runCommand(argv: readonly string[]): Promise<void> {
  process.umask(0o077)
  const env = { ...process.env }
  // What the start environment held stays readable from outside; at least no child and no report gets it.
  delete process.env.HAWSER_KEK
  delete process.env.HAWSER_DATABASE_URL
  // A reader that has seen enough, as `head` has, is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  await run(async () => {
    const words = [...argv]
    const name = [words.slice(0, 2).join(' '), words[0] ?? ''].find((candidate) =>
      Object.hasOwn(commands, candidate),
    )
    if (argv.length === 0 || argv[0] === 'help' || argv.some((word) => word === '--help' || word === '-h')) {
      process.stdout.write(usage())
      return 0
    }
    if (argv[0] === '--version') {
      process.stdout.write(`${version}\n`)
      return 0
    }
    if (name === undefined) {
      process.stderr.write(`There is no command "${argv.slice(0, 2).join(' ')}"; "hawser help" lists them.\n`)
      return 2
    }
    const command = commands[name]
    const rest = words.slice(name.split(' ').length)
    return command
      ? command.run({ env, args: rest, print: (text) => void process.stdout.write(`${text}\n`) })
      : 2
  })
}
