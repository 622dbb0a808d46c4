import type { FastifyRequest } from 'fastify'
import { fail } from '../errors.ts'

/** Headers that decide something: two of one would let two readers of the request disagree. */
const ONCE = new Set([
  'host',
  'api-key',
  'authorization',
  'content-length',
  'content-type',
  'content-encoding',
  'idempotency-key',
  'if-match',
  'on-behalf-of',
  'transfer-encoding',
])

/** What answers may repeat in links: a name or an address, and a port. */
const HOST = /^[\w.:[\]-]*$/

/** Refuses a request that repeats such a header, or names no host, or has a target that is no path. */
export function requirePlainHeaders({ raw }: FastifyRequest): void {
  const seen = new Set<string>()
  for (let at = 0; at < raw.rawHeaders.length; at += 2) {
    const name = raw.rawHeaders[at]?.toLowerCase() ?? ''
    if (!ONCE.has(name)) continue
    if (seen.has(name)) fail('request_malformed', `The header ${name} must be sent once.`)
    seen.add(name)
  }
  const coding = raw.headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    fail('request_malformed', 'The only transfer-encoding taken is chunked.')
  if (raw.httpVersion === '1.1' && raw.headers.host === undefined)
    fail('request_malformed', 'The header host is missing.')
  if (!HOST.test(raw.headers.host ?? '')) fail('request_malformed', 'The header host names no host.')
  if (!raw.url?.startsWith('/')) fail('request_malformed', 'The request target must be a path.')
}
