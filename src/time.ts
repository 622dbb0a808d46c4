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
