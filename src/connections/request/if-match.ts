import { fail } from '../../errors.ts'

/** Describes the versions that a request insists on; `*` means any existing version, and `undefined` lets the last write win. */
export type IfMatch = readonly number[] | '*' | 'malformed' | undefined

/** This pattern matches one entity tag, or nothing between two commas; a tag may contain commas. */
const TAG = /\s*(?:(?:W\/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*)?(?:,|$)/y
const VERSION = /^v([1-9]\d{0,9})$/

/**
 * Reads an `If-Match` header. Tags are compared weakly: a proxy that compresses makes `W/"v3"` of `"v3"`, and a tag names the version of a row, not the bytes of an answer.
 * A tag that this server never gives matches no version.
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

/** Refuses (412) when the connection does not have a version that the request insists on, and (400) a header that is malformed. */
export function requireVersion({ version }: { version: number }, ifMatch: IfMatch): void {
  if (ifMatch === 'malformed')
    fail('header_malformed', 'If-Match must be *, or entity tags in quotes as ETag has them: "v3".')
  if (ifMatch === undefined || ifMatch === '*' || ifMatch.includes(version)) return
  fail('version_mismatch', 'The connection has another version than If-Match names; read it again first.')
}
