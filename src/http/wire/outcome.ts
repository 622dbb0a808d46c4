import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Notice } from '../../connections/request/notices.ts'
import { adviseOnVerification } from '../../connections/verification/advice.ts'
import type { DryRun, Outcome } from '../../connections/request/outcome.ts'
import { nextStepUnstored, type VerificationResult } from '../../connections/carrier/verification-result.ts'
import type { VerifyParameter } from '../../connections/verification/verify-credentials.ts'
import { parseIfMatch, type IfMatch } from '../../connections/request/if-match.ts'
import type { QueryParameter } from '../openapi/describe.ts'
import { readChoice } from './query.ts'
import { etag, noticeHeaders } from './connections.ts'

/** Sets the headers of an answer about a connection: the version, the address to sign in at, and the notices. */
export function setOutcome(reply: FastifyReply, outcome: Outcome | DryRun): void {
  if ('version' in outcome) reply.header('etag', etag(outcome.version))
  if ('location' in outcome) reply.header('location', outcome.location)
  setNotices(reply, outcome.notices)
}

/** Sets the header `Hawser-Notice` of an answer where there are notices. */
export function setNotices(reply: FastifyReply, notices: readonly Notice[]): void {
  if (notices.length > 0) reply.header('hawser-notice', noticeHeaders(notices))
}

/** Sets the headers of an answer to a connect or an update, and returns its body: the id of the connection, or the outcome of the verification after a dry run. */
export function answerOutcome(
  reply: FastifyReply,
  outcome: Outcome | DryRun,
  whole: (carrierId: string) => object = (carrierId) => ({ carrier_id: carrierId }),
): object {
  setOutcome(reply, outcome)
  return 'carrierId' in outcome
    ? whole(outcome.carrierId)
    : {
        verification: {
          ...verificationObject(outcome.verification),
          next_step: nextStepUnstored(outcome.verification),
        },
      }
}

/** Returns the outcome of a verification, with a diagnosis and a next step in plain language. */
export function verificationObject(verification: VerificationResult) {
  const { diagnosis, nextStep } = adviseOnVerification(verification)
  return { outcome: verification.outcome, diagnosis, next_step: nextStep }
}

const WISHES = ['required', 'best-effort', 'only'] as const

/** Reads from the query how the credentials of a request are to be verified. */
export function verifyWishOf({ query }: FastifyRequest): VerifyParameter {
  return readChoice(query as Record<string, unknown>, 'verify', WISHES)
}

/** `verifyParameter` is the query parameter of every route that stores credentials. */
export const verifyParameter: QueryParameter = {
  name: 'verify',
  about:
    '`required` refuses what the carrier could not prove, `best-effort` stores it unverified, `only` asks the carrier and stores nothing.',
  schema: { enum: [...WISHES] },
}

/** Reads the header `If-Match`, which names the versions that a request takes as current; refuses a malformed header with 400. */
export function ifMatchOf({ headers }: FastifyRequest): IfMatch {
  return parseIfMatch(headers['if-match'])
}
