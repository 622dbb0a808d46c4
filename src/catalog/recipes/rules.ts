import type { Rule, Seen } from '../verification.ts'

type When = Rule['when']

/** One of these HTTP statuses. */
export const status =
  (...statuses: number[]): When =>
  (seen) =>
    statuses.includes(seen.status)

/** An HTTP status that refuses the request, other than the two that only ask to come again. */
export const refusal: When = ({ status }) => status >= 400 && status < 500 && status !== 408 && status !== 429

/** One of these codes, as the carrier writes it, stands in the reply. */
export const code =
  (...codes: string[]): When =>
  (seen) =>
    seen.codes.some((found) => codes.includes(found))

/** Some code stands in the reply, whichever it is. */
export const anyCode: When = (seen) => seen.codes.length > 0

/** A code of the reply begins like this. */
export const codeBegins =
  (start: string): When =>
  (seen) =>
    seen.codes.some((found) => found.startsWith(start))

/** A code of the reply reads like this; for carriers whose codes are sentences. */
export const codeSays =
  (pattern: RegExp): When =>
  (seen) =>
    seen.codes.some((found) => pattern.test(found))

/** The reply is in the format that the carrier documents. */
export const inFormat: When = (seen) => seen.text !== ''

/** The text of the reply, in lower case, says this. */
export const says =
  (pattern: RegExp): When =>
  (seen) =>
    pattern.test(seen.text)

/** The reply carries an access token. */
export const minted: When = (seen) => seen.minted !== undefined

/** A value read from the reply; compared as text. */
export const fact =
  (name: string, expected: (value: string | undefined, seen: Seen) => boolean): When =>
  (seen) =>
    expected(seen.facts?.[name], seen)

/** All of these hold. */
export const all =
  (...conditions: When[]): When =>
  (seen, material) =>
    conditions.every((condition) => condition(seen, material))

/** One of these holds. */
export const either =
  (...conditions: When[]): When =>
  (seen, material) =>
    conditions.some((condition) => condition(seen, material))

/** A rule in one line: what is seen, what it means, and the sentence for the caller. */
export const rule = (when: When, then: Rule['then'], because: string): Rule => ({ when, then, because })
