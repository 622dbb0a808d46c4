import { Unsendable } from '../sendable.ts'

/** A value as one segment of a path: it ends there and begins there, whatever it is. Throws `Unsendable` for what would be none, or another one. */
export function pathSegment(value: unknown): string {
  const text = String(value)
  // Dots are left as they are by every escaper, and mean the segment above to every parser.
  if (text === '' || text === '.' || text === '..' || !text.isWellFormed()) throw new Unsendable()
  return encodeURIComponent(text)
}
