const TIME = /^(\d{4}-\d{2}-\d{2})([Tt]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2}))?$/
const LENGTH = '2026-01-01T00:00:00.000Z'.length

/**
 * A date, or a date and time with an offset, in ISO 8601, as the database keeps times: in UTC, with milliseconds.
 * `undefined` for anything else, for a day that no calendar has, and for a year of more than four digits.
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

/** The last moment that a time means, as `parseTime` reads it: of a plain day its end, since who ends a range with a day means all of it. */
export function parseLast(text: string): string | undefined {
  return parseTime(DAY.test(text) ? `${text}T23:59:59.999Z` : text)
}

/** The moment that a time lies before, as `parseTime` reads it: of a plain day the start of the next one. */
export function parseBefore(text: string): string | undefined {
  const last = parseLast(text)
  if (last === undefined || !DAY.test(text)) return last
  // There is no later day that sorts behind as text.
  return parseTime(new Date(Date.parse(last) + 1).toISOString()) ?? last
}

/** The day that is written in a date, or in a date and time with or without an offset; `undefined` for anything else. For what happens on a day, wherever that is. */
export function parseDay(text: string): string | undefined {
  const isTime = parseTime(text) ?? parseTime(`${text}Z`)
  return isTime === undefined ? undefined : text.slice(0, LENGTH_OF_DAY)
}

const LENGTH_OF_DAY = '2026-01-01'.length
/** Where days begin first. */
const FIRST_OFFSET = '+14:00'

/** The earliest moment that a time means, as `parseTime` reads it: of a plain day its start where days begin first. */
export function parseEarliest(text: string): string | undefined {
  return parseTime(DAY.test(text) ? `${text}T00:00:00${FIRST_OFFSET}` : text)
}

/** A time after `now`, between nine and eleven tenths of `milliseconds` away, so that many do not come at once. */
export function later(now: Date, milliseconds: number): string {
  return new Date(now.getTime() + milliseconds * (0.9 + Math.random() * 0.2)).toISOString()
}

/** A time at least `milliseconds` after `now`, and at most a tenth of it later: for who was told to wait so long. */
export function notBefore(now: Date, milliseconds: number): string {
  return new Date(now.getTime() + Math.ceil(milliseconds * (1 + Math.random() * 0.1))).toISOString()
}
