import { parseArgs } from 'node:util'
import { nearest } from '../catalog/nearest.ts'
import { StartRefused } from '../errors.ts'
import { spellOption, type Command, type Options } from './command.ts'

export type Line = { values: Record<string, string | boolean>; words: string[] }
type Token = { kind: string; name: string; rawName: string; value?: string; inlineValue?: boolean }

/** Reads what stands behind the name of a command; throws `StartRefused` with all that is unknown, wrong or missing, by name. */
export function readLine(name: string, { words, options }: Command, args: readonly string[]): Line {
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
  const values: Line['values'] = {}
  const problems: string[] = []
  const meant = new Set<string>()
  for (const token of tokens as Token[]) {
    if (token.kind !== 'option') continue
    const problem = problemOf(token, options) ?? (token.name in values ? `${token.rawName} stands twice` : '')
    if (problem === '') values[token.name] = token.value ?? true
    else problems.push(problem)
    meant.add(meantBy(token, options))
  }
  // A word behind an unknown option may be its value.
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

function problemOf({ name, rawName, value, inlineValue }: Token, options: Options): string | undefined {
  const option = Object.hasOwn(options, name) && rawName === `--${name}` ? options[name] : undefined
  if (!option) {
    const [meant] = nearest(name, Object.keys(options))
    return `there is no option ${rawName}${meant === undefined ? '' : ` (did you mean --${meant}?)`}`
  }
  if (option.value === undefined) return value === undefined ? undefined : `--${name} takes no value`
  if (value === undefined) return `${spellOption(name, option)}: the value is missing`
  // Otherwise an option whose value was forgotten would take the next one for it.
  if (!inlineValue && value.startsWith('-'))
    return `--${name} is followed by ${value}; a value that begins with "-" is written --${name}=${value}`
  return undefined
}

/** The option that was meant, so that it is not told to be missing as well; one without a value is. */
const meantBy = ({ name, value }: Token, options: Options): string =>
  value === '' ? '' : (nearest(name, Object.keys(options))[0] ?? '')
