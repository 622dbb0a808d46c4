import { run } from '../run.ts'
import { withoutApiKeys } from '../secret.ts'
import { version } from '../version.ts'
import { commands } from './commands.ts'
import { describe, describeUnknown, findName } from './help.ts'
import { readLine } from './read-line.ts'

const UNKNOWN_COMMAND = 2

/** Runs the command line; `argv` has the words after the name of the program. */
export async function runCommand(argv: readonly string[]): Promise<void> {
  process.umask(0o077)
  const env = { ...process.env }
  // The start environment stays readable from outside; but after the delete no child process and no report gets these values.
  delete process.env.HAWSER_KEK
  delete process.env.HAWSER_DATABASE_URL
  // A reader that stops early, such as `head`, is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  const print = (text: string) => void process.stdout.write(`${text}\n`)
  const note = (text: string) => void process.stderr.write(`${text}\n`)
  await run(async () => {
    if (argv[0] === '--version') {
      print(version)
      return 0
    }
    const asked = helpWanted(argv)
    const name = findName(argv)
    const command = name === undefined ? undefined : commands[name]
    const help = asked && describe(asked)
    if (help !== undefined) {
      process.stdout.write(help)
      return 0
    }
    if (asked || name === undefined || !command) {
      process.stderr.write(`${withoutApiKeys(describeUnknown(asked ?? argv))}\n`)
      return UNKNOWN_COMMAND
    }
    const { values, words } = readLine(name, command, argv.slice(name.split(' ').length))
    // The cast is safe: the values were read by the options of the command, and the types of its code follow from these options.
    const program = await command.load()
    return program({ env, values: values as never, words, print, note })
  })
}

/** Returns the words for which the command line asks for help, and `undefined` where the command line asks for none. */
function helpWanted(argv: readonly string[]): readonly string[] | undefined {
  if (argv.length === 0) return []
  if (argv[0] === 'help') return argv.slice(1)
  if (!argv.includes('--help') && !argv.includes('-h')) return undefined
  const end = argv.findIndex((word) => word.startsWith('-'))
  return argv.slice(0, end)
}
