import { fail } from '../errors.ts'

/** The versions a request insists on; `*` is any version there is, `undefined` leaves the last write to win. */
export type IfMatch = readonly number[] | '*' | undefined

/** Reads an `If-Match` header. A tag that is none of ours, or weak, matches no version. */
export function parseIfMatch(header: string | undefined): IfMatch {
  if (header === undefined) return undefined
  if (header.trim() === '*') return '*'
  return header.split(',').flatMap((tag) => {
    const version = /^"v([1-9]\d{0,9})"$/.exec(tag.trim())?.[1]
    return version === undefined ? [] : [Number(version)]
  })
}

/** Refuses (412) when the connection has moved on from the version that the request insists on. */
export function requireVersion({ version }: { version: number }, ifMatch: IfMatch): void {
  if (ifMatch === undefined || ifMatch === '*' || ifMatch.includes(version)) return
  fail('version_mismatch', 'The connection has another version than If-Match names; read it again first.')
}
