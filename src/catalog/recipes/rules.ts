import type { Rule, SeenReply } from '../verification.ts'

type When = Rule['when']

/** Holds where the reply has one of these HTTP statuses. */
export const status =
  (...statuses: number[]): When =>
  (seen) =>
    statuses.includes(seen.status)

/** Holds where the HTTP status refuses the request; 408 and 429 only ask to try again and do not count. */
export const refusal: When = ({ status }) => status >= 400 && status < 500 && status !== 408 && status !== 429

/** Holds where one of these codes, as the carrier writes it, stands in the reply. */
export const code =
  (...codes: string[]): When =>
  (seen) =>
    seen.codes.some((found) => codes.includes(found))

/** Holds where the reply has any code. */
export const anyCode: When = (seen) => seen.codes.length > 0

/** Holds where a code of the reply begins with `start`. */
export const codeBegins =
  (start: string): When =>
  (seen) =>
    seen.codes.some((found) => found.startsWith(start))

/** Holds where a code of the reply matches the pattern, for carriers whose codes are sentences. */
export const codeSays =
  (pattern: RegExp): When =>
  (seen) =>
    seen.codes.some((found) => pattern.test(found))

/** Holds where the reply is in the format that the carrier documents. */
export const inFormat: When = (seen) => seen.text !== ''

/** Holds where the text of the reply, in lower case, matches the pattern. */
export const says =
  (pattern: RegExp): When =>
  (seen) =>
    pattern.test(seen.text)

/** Holds where the reply carries an access token. */
export const minted: When = (seen) => seen.minted !== undefined

/** Holds where `expected` returns true for the fact `name`, a value that was read from the reply as text. */
export const fact =
  (name: string, expected: (value: string | undefined, seen: SeenReply) => boolean): When =>
  (seen) =>
    expected(seen.facts?.[name], seen)

/** Holds where all of these conditions hold. */
export const all =
  (...conditions: When[]): When =>
  (seen, material) =>
    conditions.every((condition) => condition(seen, material))

/** Holds where at least one of these conditions holds. */
export const either =
  (...conditions: When[]): When =>
  (seen, material) =>
    conditions.some((condition) => condition(seen, material))

/** Builds a rule in one line: what is seen, what it means, and the sentence for the caller. */
export const rule = (when: When, then: Rule['then'], because: string): Rule => ({ when, then, because })
