import { fail } from '../../errors.ts'

/** The versions a request insists on; `*` is any version there is, `undefined` leaves the last write to win. */
export type IfMatch = readonly number[] | '*' | 'malformed' | undefined

/** One entity tag, or nothing between two commas; a tag may hold commas. */
const TAG = /\s*(?:(?:W\/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*)?(?:,|$)/y
const VERSION = /^v([1-9]\d{0,9})$/

/**
 * Reads an `If-Match` header. Tags are compared weakly: a proxy that compresses makes `W/"v3"` of `"v3"`, and a tag tells a row, not its bytes.
 * A tag that is none of ours matches no version.
 */
export function parseIfMatch(header: string | undefined): IfMatch {
  if (header === undefined) return undefined
  if (header.trim() === '*') return '*'
  const tags: string[] = []
  TAG.lastIndex = 0
  while (TAG.lastIndex < header.length) {
    const match = TAG.exec(header)
    if (!match) return 'malformed'
    if (match[1] !== undefined) tags.push(match[1])
  }
  if (tags.length === 0) return 'malformed'
  return tags.flatMap((tag) => {
    const version = VERSION.exec(tag)?.[1]
    return version === undefined ? [] : [Number(version)]
  })
}

/** Refuses (412) when the connection has moved on from the version that the request insists on, and (400) what insists on none. */
export function requireVersion({ version }: { version: number }, ifMatch: IfMatch): void {
  if (ifMatch === 'malformed')
    fail('header_malformed', 'If-Match must be *, or entity tags in quotes as ETag has them: "v3".')
  if (ifMatch === undefined || ifMatch === '*' || ifMatch.includes(version)) return
  fail('version_mismatch', 'The connection has another version than If-Match names; read it again first.')
}
