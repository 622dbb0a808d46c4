import type { FastifyRequest } from 'fastify'
import { fail } from '../../errors.ts'
import { isHost } from './target.ts'

/** `ONCE` has the headers that may stand only once: where a header stands twice, two programs that read the request could use different values. */
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

/** Refuses with 400 a request that repeats a header of `ONCE`, has another `Transfer-Encoding` than `chunked`, names no host, or has a target that is no path. */
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
  if (raw.httpVersion === '1.1' && !seen.has('host')) fail('request_malformed', 'The header host is missing.')
  const { host = '' } = raw.headers
  if (host !== '' && !isHost(host)) fail('request_malformed', 'The header host names no host.')
  if (!raw.url?.startsWith('/')) fail('request_malformed', 'The request target must be a path.')
}
