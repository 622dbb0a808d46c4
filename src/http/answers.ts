import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Outcome } from '../connections/connect.ts'
import { parseIfMatch, type IfMatch } from '../connections/versions.ts'
import { etag, noticeHeaders } from './wire.ts'

/** Sets what an answer says of a connection beside its body: the version, and any notices. */
export function tellOutcome(reply: FastifyReply, { version, notices }: Outcome): void {
  reply.header('etag', etag(version))
  if (notices.length > 0) reply.header('hawser-notice', noticeHeaders(notices))
}

/** The versions that a request insists on. */
export function ifMatchOf({ headers }: FastifyRequest): IfMatch {
  return parseIfMatch(headers['if-match'])
}
