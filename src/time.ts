const TIME = /^(\d{4}-\d{2}-\d{2})([Tt]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2}))?$/
const LENGTH = '2026-01-01T00:00:00.000Z'.length

/**
 * Reads a date, or a date and time with an offset, in ISO 8601, and returns the time in the form in which the database keeps times: in UTC, with milliseconds.
 * Returns `undefined` for anything else, for a day that no calendar has, and for a year of more than four digits.
 */
export function parseTime(text: string): string | undefined {
  const day = TIME.exec(text)?.[1]
  const time = new Date(text)
  if (day === undefined || Number.isNaN(time.getTime())) return undefined
  if (!new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)) return undefined
  const utc = time.toISOString()
  return utc.length === LENGTH ? utc : undefined
}

const DAY = /^\d{4}-\d{2}-\d{2}$/

/** Reads a time like `parseTime`, but returns the end of the day for a plain day, since a range that ends with a day includes the whole day. */
export function parseLast(text: string): string | undefined {
  return parseTime(DAY.test(text) ? `${text}T23:59:59.999Z` : text)
}

/** Reads the exclusive end of a range like `parseTime`, but returns the start of the next day for a plain day. */
export function parseBefore(text: string): string | undefined {
  const last = parseLast(text)
  if (last === undefined || !DAY.test(text)) return last
  // After the last day of the year 9999 no later day sorts behind as text.
  return parseTime(new Date(Date.parse(last) + 1).toISOString()) ?? last
}

/** Returns the day that is written in a date, or in a date and time with or without an offset, and `undefined` for anything else. Use `parseDay` for events that happen on a day, in any time zone. */
export function parseDay(text: string): string | undefined {
  const isTime = parseTime(text) ?? parseTime(`${text}Z`)
  return isTime === undefined ? undefined : text.slice(0, LENGTH_OF_DAY)
}

const LENGTH_OF_DAY = '2026-01-01'.length
/** `FIRST_OFFSET` is the offset of the time zone in which every day begins first. */
const FIRST_OFFSET = '+14:00'

/** Reads a time like `parseTime`, but for a plain day returns the start of the day in the time zone in which days begin first. */
export function parseEarliest(text: string): string | undefined {
  return parseTime(DAY.test(text) ? `${text}T00:00:00${FIRST_OFFSET}` : text)
}

/** Returns a random time between nine and eleven tenths of `milliseconds` after `now`, so that many tasks do not become due at once. */
export function later(now: Date, milliseconds: number): string {
  return new Date(now.getTime() + milliseconds * (0.9 + Math.random() * 0.2)).toISOString()
}

/** Returns a random time at least `milliseconds` and at most eleven tenths of `milliseconds` after `now`; use `notBefore` where a server has asked to wait for `milliseconds`. */
export function notBefore(now: Date, milliseconds: number): string {
  return new Date(now.getTime() + Math.ceil(milliseconds * (1 + Math.random() * 0.1))).toISOString()
}
