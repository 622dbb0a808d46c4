import { nearest } from '../catalog/nearest.ts'
import { spellOption, type Command } from './command.ts'
import { commands } from './commands.ts'

const names = Object.keys(commands)
const groups = [
  ...new Set(names.filter((name) => name.includes(' ')).map((name) => name.split(' ')[0] ?? '')),
]

/** Returns the name of the command that the words begin with, and `undefined` where they begin with no command. */
export const findName = (words: readonly string[]): string | undefined =>
  [words.slice(0, 2).join(' '), words[0] ?? ''].find((name) => Object.hasOwn(commands, name))

/** Returns the help text for the words: all commands, the commands of a group, or one command with its options; returns `undefined` where no command and no group has the name. */
export function describe(words: readonly string[]): string | undefined {
  if (words.length === 0) return overview()
  const name = findName(words)
  const command = name === undefined ? undefined : commands[name]
  if (name !== undefined && command) return describeCommand(name, command)
  const [group = ''] = words
  return groups.includes(group) && words.length === 1 ? list(namesOf(group)) : undefined
}

/** Returns a sentence which says that there is no such command and names the command that was probably meant. */
export function describeUnknown(words: readonly string[]): string {
  const [group = '', ...more] = words
  if (groups.includes(group)) {
    const named = namesOf(group)
    const [meant] = more.length === 0 ? [] : nearest(words.slice(0, 2).join(' '), named)
    const found = more.length === 0 ? `"${group}" alone does nothing` : unknown(words.slice(0, 2))
    return `${found}${meant === undefined ? `; there ${named.length === 1 ? 'is' : 'are'} ${named.join(', ')}.` : `; did you mean "${meant}"?`}`
  }
  const single = [...groups, ...names.filter((name) => !name.includes(' '))]
  const [meant] = [
    ...(more.length > 0 ? nearest(words.slice(0, 2).join(' '), names) : []),
    ...nearest(group, single),
  ]
  return `${unknown(words.slice(0, 2))}${meant === undefined ? '; "hawser help" lists them.' : `; did you mean "${meant}"?`}`
}

const unknown = (words: readonly string[]) => `There is no command "${words.join(' ')}"`
const namesOf = (group: string) => names.filter((name) => name.startsWith(`${group} `))

function overview(): string {
  return `Usage: hawser <command>\n\n${list(names)}\n"hawser help <command>" says which options it takes.\n`
}

function list(named: readonly string[]): string {
  const widest = Math.max(...named.map((name) => name.length))
  return named.map((name) => `  ${name.padEnd(widest)}  ${commands[name]?.about ?? ''}\n`).join('')
}

function describeCommand(name: string, { about, words, options }: Command): string {
  const spelled = Object.entries(options).map(([option, more]) => ({
    ...more,
    text: spellOption(option, more),
  }))
  const usage = [
    `hawser ${name}`,
    ...words,
    ...spelled.map(({ text, isRequired }) => (isRequired ? text : `[${text}]`)),
  ]
  const widest = Math.max(0, ...spelled.map(({ text }) => text.length))
  const lines = spelled.map(
    ({ text, about, isRequired }) => `  ${text.padEnd(widest)}  ${about}${isRequired ? ' Required.' : ''}\n`,
  )
  return `Usage: ${usage.join(' ')}\n\n${about}\n${lines.length > 0 ? `\n${lines.join('')}` : ''}`
}
