import { parseBefore } from '../../time.ts'

/** A key end is the time at which an API key ends, or a message that says what is wrong with the given time. */
export type KeyEnd = { at: string } | { message: string }

/** Reads the end of an API key; a plain day counts up to its last moment in UTC. A wrong or past time gives a message that names the field `name`. */
export function readKeyEnd(name: string, text: string, now: Date): KeyEnd {
  const at = parseBefore(text)
  if (at === undefined)
    return { message: `${name} must be a day (YYYY-MM-DD), or a date and time with its offset, in ISO 8601.` }
  return at <= now.toISOString() ? { message: sayOver(name) } : { at }
}

/** Writes the message for a time in the field `name` that is over. */
export const sayOver = (name: string): string => `${name} must not be in the past.`
