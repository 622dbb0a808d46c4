import type { Secret } from '../secret.ts'

/** Asking a carrier ends in one of these outcomes, of which only `invalid_credentials` and `not_entitled` speak against the caller. */
export const OUTCOMES = [
  'verified',
  'invalid_credentials',
  'not_entitled',
  'platform_misconfigured',
  'rate_limited',
  'unavailable',
  'inconclusive',
] as const

export type VerificationOutcome = (typeof OUTCOMES)[number]

/** A call is one request to a carrier, in which a caller's value stands only through an escaper for its position. */
export type Call = Readonly<{
  method: 'GET' | 'POST'
  url: string
  headers: Readonly<Record<string, string>>
  body?: string
}>

/** A reply is what the carrier answered, with header names in lower case and the body as text. */
export type Reply = Readonly<{ status: number; headers: Readonly<Record<string, string>>; body: string }>

/** Sends a call and resolves to the reply; rejects when there is none. */
export type Ask = (call: Call) => Promise<Reply>

/** Calls are built from this material. */
export type Material = Readonly<{
  /** `values` are the opened credentials, by the names that they are stored under. */
  values: Readonly<Record<string, unknown>>
  /** `operator` holds what belongs to the operator and not to the merchant, by the names in `Verification.operator`. */
  operator: Readonly<Record<string, string>>
  at: Date
  /** `requestId` is a UUID for carriers that want one with each request. */
  requestId: string
  /** `token` is the access token that an earlier step minted. */
  token?: Secret<string>
  /** `approval` is what came back from the carrier's sign-in page, and what was kept for it. */
  approval?: Readonly<{ code: string; verifier: string; redirectUri: string }>
}>

/** A minted token is an access token with the seconds that it is good for. */
export type MintedToken = Readonly<{ token: Secret<string>; seconds: number }>

/** The words of a reply are the reply in the carrier's own words, which nobody is shown: its codes, and its text in lower case; a reply that grants tokens has no text, since that holds them. */
export type ReplyWords = Readonly<{
  codes: readonly string[]
  text: string
  /** `facts` are the values of the reply that rules ask about. */
  facts?: Readonly<Record<string, string | undefined>>
  minted?: MintedToken
  /** `refreshToken` is what the next access token is asked for with. */
  refreshToken?: Secret<string>
}>

export type SeenReply = ReplyWords & { status: number }

/** A rule says what a reply means; `continue` goes on with the next step, and after the last step it verifies nothing. */
export type Rule = Readonly<{
  when: (seen: SeenReply, material: Material) => boolean
  then: VerificationOutcome | 'continue'
  /** `because` tells the caller the outcome in a sentence of ours. */
  because: string
}>

export type Step = Readonly<{
  call: (material: Material) => Call
  /** `read` reads a reply; it returns `undefined` where the reply is not in the format that the carrier documents. */
  read: (reply: Reply) => ReplyWords | undefined
  /** `rules` are the carrier's own; the first that holds decides. */
  rules: readonly Rule[]
  /** `asOperator` marks a call in the operator's name: a plain refusal then speaks of the operator, and a token is not the caller's. */
  asOperator?: true
}>

/** A verification asks a carrier about credentials, by the cheapest calls that change nothing there. */
export type Verification = Readonly<{
  /** `hosts` are the only hosts that calls of the verification go to. */
  hosts: readonly [string, ...string[]]
  /** `hostFrom` names the operator's value that replaces `hosts`, for a carrier that gives platforms hosts of their own. */
  hostFrom?: string
  /** `needs` names credentials without which nothing can be asked. */
  needs: readonly string[]
  /** `login` is the one of `needs` that names who logs in: the carrier counts wrong attempts on it, and locks it. */
  login: string
  /** `uses` names further values that the calls carry; with other values it would be another verification. */
  uses?: readonly string[]
  /** `operator` names values that the operator holds, without which nothing can be asked. */
  operator: readonly string[]
  steps: readonly [Step, ...Step[]]
  /** `mints` marks a verification that mints an access token from the caller's own secret, where the carrier says how long the token is good. */
  mints?: true
  /** `source` names the public page or file that the calls and their outcomes come from. */
  source: string
}>

/** Lists the only hosts that calls of a verification go to, for this operator. */
export function hostsFor(
  { hosts, hostFrom }: Pick<Verification, 'hosts' | 'hostFrom'>,
  operator: Material['operator'],
): readonly string[] {
  const own = hostFrom === undefined ? undefined : operator[hostFrom]
  return own === undefined ? hosts : [own]
}

/** A carrier answer is what is known after asking a carrier; `because` is a sentence for the caller, and `retryAfter` counts seconds. */
export type CarrierAnswer = Readonly<{
  outcome: VerificationOutcome
  because: string
  minted?: MintedToken
  retryAfter?: number
}>

/** A catalog shows this of a verification: whom it asks, and what has to be known for it. */
export type VerificationSummary = Pick<Verification, 'hosts' | 'needs' | 'operator' | 'source'>

/** Returns what a catalog shows of a verification, and `null` where there is none. */
export function summarize(verification: Verification | undefined): VerificationSummary | null {
  if (!verification) return null
  const { hosts, needs, operator, source } = verification
  return { hosts, needs, operator, source }
}

/** Tells whether a carrier can be asked about these values at all. */
export function canVerify(
  verification: Verification | undefined,
  values: Material['values'],
  operator: Material['operator'],
): verification is Verification {
  if (!verification) return false
  return (
    verification.needs.every((name) => values[name] !== undefined && values[name] !== '') &&
    verification.operator.every((name) => operator[name] !== undefined)
  )
}

/** Asks the carrier step by step, and never rejects: a carrier that cannot be reached is an outcome. */
export async function verify(
  verification: Verification,
  material: Material,
  ask: Ask,
): Promise<CarrierAnswer> {
  let token: Secret<string> | undefined
  let minted: MintedToken | undefined
  for (const step of verification.steps) {
    let reply: Reply
    try {
      reply = await ask(step.call(token === undefined ? material : { ...material, token }))
    } catch {
      return { outcome: 'unavailable', because: 'The carrier could not be reached.' }
    }
    const words = step.read(reply)
    const { rule: _rule, ...answer } = applyRules(step, reply, words, material)
    if (!step.asOperator) minted = words?.minted ?? minted
    if (answer.outcome !== 'continue')
      return answer.outcome === 'verified' && minted
        ? { ...answer, outcome: answer.outcome, minted }
        : { ...answer, outcome: answer.outcome }
    token = words?.minted?.token ?? token
  }
  return { outcome: 'inconclusive', because: 'What the carrier was asked does not prove these credentials.' }
}

type RuleOutcome = Omit<CarrierAnswer, 'outcome'> & { outcome: Rule['then'] }

/**
 * Decides what a reply means, by the carrier's own rules from top to bottom, then by the rules that hold everywhere.
 * A reply outside the carrier's format may refuse but never verifies; a page for people is an outage.
 */
export function applyRules(
  step: Step,
  reply: Reply,
  words: ReplyWords | undefined,
  material: Material,
): RuleOutcome & { rule?: Rule } {
  const seen = { codes: [], text: '', ...words, status: reply.status }
  const rules = words || !isPage(reply) ? step.rules : []
  const rule = rules.find(({ when, then }) => (words || !SPEAKS_FOR.has(then)) && when(seen, material))
  const result = rule ? { outcome: rule.then, because: rule.because, rule } : usuallyOf(step, reply, words)
  const retryAfter = result.outcome === 'rate_limited' ? retrySeconds(reply) : undefined
  return { ...result, ...(retryAfter && { retryAfter }) }
}

const SPEAKS_AGAINST: ReadonlySet<Rule['then']> = new Set(['invalid_credentials', 'not_entitled'])

function usuallyOf(step: Step, reply: Reply, words: ReplyWords | undefined): RuleOutcome {
  const result = usually(reply, words)
  return step.asOperator && SPEAKS_AGAINST.has(result.outcome)
    ? {
        outcome: 'platform_misconfigured',
        because: 'The carrier does not accept the registration that this server’s operator holds with it.',
      }
    : result
}

const SPEAKS_FOR: ReadonlySet<Rule['then']> = new Set(['verified', 'continue'])

const isPage = ({ headers, body }: Reply) =>
  /html/i.test(headers['content-type'] ?? '') || /^\s*<(!doctype html|html)/i.test(body)

function usually(reply: Reply, words: ReplyWords | undefined): RuleOutcome {
  const { status } = reply
  if (status === 429) return { outcome: 'rate_limited', because: 'The carrier asks to wait.' }
  if (status === 408 || status >= 500)
    return { outcome: 'unavailable', because: 'The carrier’s system fails at the moment.' }
  if (status >= 300 && status < 400)
    return {
      outcome: 'inconclusive',
      because: 'The carrier points elsewhere, where no credentials are sent.',
    }
  if (isPage(reply) || (!words && status < 300))
    return { outcome: 'unavailable', because: 'The carrier did not answer in its own format.' }
  if (status === 401)
    return { outcome: 'invalid_credentials', because: 'The carrier does not accept these credentials.' }
  if (status === 403)
    return { outcome: 'not_entitled', because: 'The carrier does not let this account use its API.' }
  return { outcome: 'inconclusive', because: 'The carrier’s answer says nothing about these credentials.' }
}

const LONGEST_WAIT = 86_400

function retrySeconds({ headers }: Reply): number | undefined {
  const seconds = Number(headers['retry-after'])
  return Number.isInteger(seconds) && seconds > 0 ? Math.min(seconds, LONGEST_WAIT) : undefined
}
