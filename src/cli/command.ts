import type { EnvironmentVariables } from '../config.ts'

/** A `CommandOption` describes an option of a command; `value` is the name of its value, and is absent where the option takes none. */
export type CommandOption = { about: string; value?: string; isRequired?: true }
export type CommandOptions = Readonly<Record<string, CommandOption>>

/** `Said` is the type of the value of an option: a text where the option takes a value, and a truth value otherwise. */
type Said<O extends CommandOption> = O extends { value: string } ? string : boolean
type RequiredNames<O extends CommandOptions> = {
  [Name in keyof O]: O[Name] extends { isRequired: true } ? Name : never
}[keyof O]

/** `GivenOptions` is the type of the options of a command as the command line gave them. */
export type GivenOptions<O extends CommandOptions> = { [Name in RequiredNames<O>]: string } & {
  [Name in Exclude<keyof O, RequiredNames<O>>]?: Said<O[Name]>
}

/** A `CommandCall` is what a command gets: the environment, its options and words, `print` for the result on standard output, and `note` for remarks on standard error that no script reads. */
export type CommandCall<Values = object> = {
  env: EnvironmentVariables
  values: Values
  words: readonly string[]
  print: (text: string) => void
  note: (text: string) => void
}

/** A `RunCommand` runs a command and returns its exit code. */
export type RunCommand<Values = object> = (call: CommandCall<Values>) => Promise<number>

/** A `Command` is a command of the command line, whose code is loaded when the command is called. */
export type Command = {
  about: string
  /** `words` has the names of the words behind the name of the command; a word in square brackets may be left out. */
  words: readonly string[]
  options: CommandOptions
  load: () => Promise<RunCommand<never>>
}

/** Returns a command whose code takes its options under their types. */
export function command<const O extends CommandOptions>(
  about: string,
  {
    words = [],
    options,
    load,
  }: { words?: string[]; options: O; load: () => Promise<RunCommand<GivenOptions<O>>> },
): Command {
  return { about, words, options, load }
}

/** Returns the spelling of an option, with the name of its value where the option takes one. */
export const spellOption = (name: string, { value }: CommandOption): string =>
  `--${name}${value === undefined ? '' : ` ${value}`}`
