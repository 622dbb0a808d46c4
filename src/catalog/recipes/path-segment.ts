import { Unsendable } from '../sendable.ts'

/** Writes a value as exactly one segment of a path, whatever it is. Throws `Unsendable` for a value that would be no segment, or another one. */
export function pathSegment(value: unknown): string {
  const text = String(value)
  // Every escaper leaves dots as they are, and to every parser they mean the segment above.
  if (text === '' || text === '.' || text === '..' || !text.isWellFormed()) throw new Unsendable()
  return encodeURIComponent(text)
}
