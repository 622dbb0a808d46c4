import type { Secret } from '../secret.ts'

/** `OUTCOMES` has the possible outcomes of asking a carrier; only `invalid_credentials` and `not_entitled` mean that the credentials or the account are at fault. */
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

/** A call is one request to a carrier; every value of a caller in a call was escaped for the place where the value stands. */
export type Call = Readonly<{
  method: 'GET' | 'POST'
  url: string
  headers: Readonly<Record<string, string>>
  body?: string
}>

/** A reply is what the carrier answered, with header names in lower case and the body as text. */
export type Reply = Readonly<{ status: number; headers: Readonly<Record<string, string>>; body: string }>

/** An `Ask` sends a call and resolves with the reply; it rejects when no reply comes. */
export type Ask = (call: Call) => Promise<Reply>

/** Material has the values from which calls are built. */
export type Material = Readonly<{
  /** `values` are the opened credentials, under the names that the credentials are stored under. */
  values: Readonly<Record<string, unknown>>
  /** `operator` has the operator's values, which belong to no merchant, under the names in `Verification.operator`. */
  operator: Readonly<Record<string, string>>
  at: Date
  /** `requestId` is a UUID for carriers that want one with each request. */
  requestId: string
  /** `token` is the access token that an earlier step minted. */
  token?: Secret<string>
  /** `approval` has the code that came back from the carrier's sign-in page, and the verifier and the redirect address that were kept since the sign-in began. */
  approval?: Readonly<{ code: string; verifier: string; redirectUri: string }>
}>

/** A minted token is an access token with the seconds that it is good for. */
export type MintedToken = Readonly<{ token: Secret<string>; seconds: number }>

/** The words of a reply are its codes, and its text in lower case, as the carrier wrote them; nobody is shown them. A reply that grants tokens has no text, since its text holds the tokens. */
export type ReplyWords = Readonly<{
  codes: readonly string[]
  text: string
  /** `facts` are the values of the reply that rules ask about. */
  facts?: Readonly<Record<string, string | undefined>>
  minted?: MintedToken
  /** `refreshToken` is the token with which the next access token is requested. */
  refreshToken?: Secret<string>
}>

export type SeenReply = ReplyWords & { status: number }

/** A rule says what a reply means; `continue` goes on with the next step, and a `continue` after the last step verifies nothing. */
export type Rule = Readonly<{
  when: (seen: SeenReply, material: Material) => boolean
  then: VerificationOutcome | 'continue'
  /** `because` explains the outcome to the caller in a sentence of Hawser's own. */
  because: string
}>

export type Step = Readonly<{
  call: (material: Material) => Call
  /** `read` reads a reply; it returns `undefined` where the reply is not in the format that the carrier documents. */
  read: (reply: Reply) => ReplyWords | undefined
  /** `rules` are the rules of this carrier; the first rule that holds decides. */
  rules: readonly Rule[]
  /** `asOperator` marks a call with the operator's own credentials: a refusal that no rule of the carrier explains then counts against the operator, and a minted token does not belong to the caller. */
  asOperator?: true
}>

/** A verification asks a carrier about credentials, by the cheapest calls that change nothing at the carrier. */
export type Verification = Readonly<{
  /** `hosts` are the only hosts that calls of the verification go to. */
  hosts: readonly [string, ...string[]]
  /** `hostFrom` names the operator's value that is used in place of `hosts`, for a carrier that gives each platform its own host. */
  hostFrom?: string
  /** `needs` names credentials without which nothing can be asked. */
  needs: readonly string[]
  /** `login` is the one of `needs` that names who logs in; the carrier counts wrong attempts for this login and locks it after too many. */
  login: string
  /** `uses` names further values that the calls carry; a change of such a value changes what is verified. */
  uses?: readonly string[]
  /** `operator` names values that the operator holds, without which nothing can be asked. */
  operator: readonly string[]
  steps: readonly [Step, ...Step[]]
  /** `mints` marks a verification that mints an access token from the caller's own secret, where the carrier says how long the token is good. */
  mints?: true
  /** `source` names the public page or file that describes the calls and their outcomes. */
  source: string
}>

/** Lists the only hosts that the calls of a verification go to, with this operator's values. */
export function hostsFor(
  { hosts, hostFrom }: Pick<Verification, 'hosts' | 'hostFrom'>,
  operator: Material['operator'],
): readonly string[] {
  const own = hostFrom === undefined ? undefined : operator[hostFrom]
  return own === undefined ? hosts : [own]
}

/** A carrier answer is the result of asking a carrier; `because` is a sentence for the caller, and `retryAfter` is in seconds. */
export type CarrierAnswer = Readonly<{
  outcome: VerificationOutcome
  because: string
  minted?: MintedToken
  retryAfter?: number
}>

/** A verification summary is what a catalog shows of a verification: the hosts that are asked, and the values that are needed. */
export type VerificationSummary = Pick<Verification, 'hosts' | 'needs' | 'operator' | 'source'>

/** Returns what a catalog shows of a verification, and `null` where there is none. */
export function summarize(verification: Verification | undefined): VerificationSummary | null {
  if (!verification) return null
  const { hosts, needs, operator, source } = verification
  return { hosts, needs, operator, source }
}

/** Tells whether a verification exists, and whether all the values are set that it needs from the credentials and from the operator. */
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

/** Asks the carrier step by step, and never rejects: a carrier that cannot be reached gives the outcome `unavailable`. */
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
 * Decides what a reply means: the carrier's own rules are tried from top to bottom, and then the rules that hold for every carrier.
 * A reply that is not in the carrier's format may be a refusal but never verifies credentials; an HTML page means `unavailable`, except with the status 429 or a redirect.
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
