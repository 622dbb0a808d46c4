import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Notice } from '../../connections/request/notices.ts'
import { adviceAbout } from '../../connections/verification/advice.ts'
import type { DryRun, Outcome } from '../../connections/request/outcome.ts'
import { nextStepUnstored, type Proof } from '../../connections/carrier/proof.ts'
import type { VerifyWish } from '../../connections/verification/verify-credentials.ts'
import { parseIfMatch, type IfMatch } from '../../connections/request/if-match.ts'
import type { QueryParameter } from '../openapi/describe.ts'
import { readChoice } from './query.ts'
import { etag, noticeHeaders } from './connections.ts'

/** Sets what an answer says of a connection beside its body: the version, where to sign in, and any notices. */
export function tellOutcome(reply: FastifyReply, outcome: Outcome | DryRun): void {
  if ('version' in outcome) reply.header('etag', etag(outcome.version))
  if ('location' in outcome) reply.header('location', outcome.location)
  tellNotices(reply, outcome.notices)
}

/** Sets what an answer says that is no error. */
export function tellNotices(reply: FastifyReply, notices: readonly Notice[]): void {
  if (notices.length > 0) reply.header('hawser-notice', noticeHeaders(notices))
}

/** The answer to a connect or an update: the id, or what the carrier said where nothing was to be stored. */
export function answerOutcome(
  reply: FastifyReply,
  outcome: Outcome | DryRun,
  whole: (carrierId: string) => object = (carrierId) => ({ carrier_id: carrierId }),
): object {
  tellOutcome(reply, outcome)
  return 'carrierId' in outcome
    ? whole(outcome.carrierId)
    : { verification: { ...verificationObject(outcome.proof), next_step: nextStepUnstored(outcome.proof) } }
}

/** What the carrier said, in a sentence and what to do about it. */
export function verificationObject(proof: Proof) {
  const { diagnosis, nextStep } = adviceAbout(proof)
  return { outcome: proof.outcome, diagnosis, next_step: nextStep }
}

const WISHES = ['required', 'best-effort', 'only'] as const

/** What the query says about asking the carrier. */
export function verifyWishOf({ query }: FastifyRequest): VerifyWish {
  return readChoice(query as Record<string, unknown>, 'verify', WISHES)
}

/** The parameter of every route that stores credentials. */
export const verifyParameter: QueryParameter = {
  name: 'verify',
  about:
    '`required` refuses what the carrier could not prove, `best-effort` stores it unverified, `only` asks the carrier and stores nothing.',
  schema: { enum: [...WISHES] },
}

/** The versions that a request insists on. */
export function ifMatchOf({ headers }: FastifyRequest): IfMatch {
  return parseIfMatch(headers['if-match'])
}
