import { Unsendable } from '../sendable.ts'

/** Returns a value, whatever it contains, as exactly one segment of a path. Throws `Unsendable` for an empty text, for `.` and `..`, and for a text with lone surrogates. */
export function pathSegment(value: unknown): string {
  const text = String(value)
  // Every escaper leaves dots as they are, and to every parser they mean the segment above.
  if (text === '' || text === '.' || text === '..' || !text.isWellFormed()) throw new Unsendable()
  return encodeURIComponent(text)
}
