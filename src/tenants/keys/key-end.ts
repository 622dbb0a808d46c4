import { parseBefore } from '../../time.ts'

/** When a key ends, or what is wrong with the time that was given for it. */
export type KeyEnd = { at: string } | { message: string }

/** Reads until when a key shall count; of a plain day it is all, in UTC. A time that is over is refused, under the name that it was given by. */
export function readKeyEnd(name: string, text: string, now: Date): KeyEnd {
  const at = parseBefore(text)
  if (at === undefined)
    return { message: `${name} must be a day (YYYY-MM-DD), or a date and time with its offset, in ISO 8601.` }
  return at <= now.toISOString() ? { message: sayOver(name) } : { at }
}

/** Says that the time of this name is over. */
export const sayOver = (name: string): string => `${name} must not be in the past.`
