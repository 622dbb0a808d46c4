import type { Environment } from '../config.ts'

/** An option of a command: what it says, and what stands behind it where it takes a value. */
export type Option = { about: string; value?: string; isRequired?: true }
export type Options = Readonly<Record<string, Option>>

/** What an option says once the command line is read. */
type Said<O extends Option> = O extends { value: string } ? string : boolean
type RequiredNames<O extends Options> = {
  [Name in keyof O]: O[Name] extends { isRequired: true } ? Name : never
}[keyof O]

/** The options of a command as they were given. */
export type Given<O extends Options> = { [Name in RequiredNames<O>]: string } & {
  [Name in Exclude<keyof O, RequiredNames<O>>]?: Said<O[Name]>
}

/** What a command gets: the environment, its options and words, and where it prints: the result, and a note beside it that no script reads. */
export type Call<Values = object> = {
  env: Environment
  values: Values
  words: readonly string[]
  print: (text: string) => void
  note: (text: string) => void
}

/** Runs a command; answers its exit code. */
export type Run<Values = object> = (call: Call<Values>) => Promise<number>

/** A command of the command line, whose code is loaded when it is called. */
export type Command = {
  about: string
  /** What the words behind its name are; one in square brackets may be left out. */
  words: readonly string[]
  options: Options
  load: () => Promise<Run<never>>
}

/** A command with these options, which its code takes as they are typed. */
export function command<const O extends Options>(
  about: string,
  { words = [], options, load }: { words?: string[]; options: O; load: () => Promise<Run<Given<O>>> },
): Command {
  return { about, words, options, load }
}

/** How an option is written, with what stands behind it. */
export const spellOption = (name: string, { value }: Option): string =>
  `--${name}${value === undefined ? '' : ` ${value}`}`
