import { parseArgs } from 'node:util'
import { nearest } from '../catalog/nearest.ts'
import { StartRefused } from '../errors.ts'
import { spellOption, type Command, type CommandOptions } from './command.ts'

export type CommandLine = { values: Record<string, string | boolean>; words: string[] }
type Token = { kind: string; name: string; rawName: string; value?: string; inlineValue?: boolean }

/** Reads the options and words behind the name of a command; throws `StartRefused` with the names of all options and words that are unknown, wrong or missing. */
export function readLine(name: string, { words, options }: Command, args: readonly string[]): CommandLine {
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(options).map(([option, { value }]) => [
        option,
        { type: value === undefined ? 'boolean' : 'string' } as const,
      ]),
    ),
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  const values: CommandLine['values'] = {}
  const problems: string[] = []
  const meant = new Set<string>()
  for (const token of tokens as Token[]) {
    if (token.kind !== 'option') continue
    const problem = problemOf(token, options) ?? (token.name in values ? `${token.rawName} stands twice` : '')
    if (problem === '') values[token.name] = token.value ?? true
    else problems.push(problem)
    meant.add(meantBy(token, options))
  }
  // No word is refused where an option is unknown, since the word may be the value of that option.
  const isKnown = tokens.every((token) => token.kind !== 'option' || Object.hasOwn(options, token.name))
  for (const word of isKnown ? positionals.slice(words.length) : [])
    problems.push(`"${word}" has no place here`)
  const missing = [
    ...words.slice(positionals.length).filter((word) => !word.startsWith('[')),
    ...Object.entries(options)
      .filter(([option, { isRequired }]) => isRequired && (values[option] ?? '') === '' && !meant.has(option))
      .map(([option, about]) => spellOption(option, about)),
  ]
  if (missing.length > 0) problems.push(`it needs ${missing.join(', ')}`)
  if (problems.length > 0)
    throw new StartRefused(`${name}: ${problems.join('; ')}. See "hawser help ${name}".`)
  return { values, words: positionals }
}

function problemOf(
  { name, rawName, value, inlineValue }: Token,
  options: CommandOptions,
): string | undefined {
  const option = Object.hasOwn(options, name) && rawName === `--${name}` ? options[name] : undefined
  if (!option) {
    const [meant] = nearest(name, Object.keys(options))
    return `there is no option ${rawName}${meant === undefined ? '' : ` (did you mean --${meant}?)`}`
  }
  if (option.value === undefined) return value === undefined ? undefined : `--${name} takes no value`
  if (value === undefined) return `${spellOption(name, option)}: the value is missing`
  // Without this refusal an option whose value was forgotten would take the next option as its value.
  if (!inlineValue && value.startsWith('-'))
    return `--${name} is followed by ${value}; a value that begins with "-" is written --${name}=${value}`
  return undefined
}

/** Returns the name of the option that a token probably means, so that the option is not reported as missing too; returns an empty text for a token with an empty value, whose option is missing. */
const meantBy = ({ name, value }: Token, options: CommandOptions): string =>
  value === '' ? '' : (nearest(name, Object.keys(options))[0] ?? '')
