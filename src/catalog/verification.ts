import type { Secret } from '../secret.ts'

/** What asking a carrier can end in; only `invalid_credentials` and `not_entitled` speak against the caller. */
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

/** One request to a carrier. A caller's value stands in it only through an escaper for its position. */
export type Call = Readonly<{
  method: 'GET' | 'POST'
  url: string
  headers: Readonly<Record<string, string>>
  body?: string
}>

/** What came back: header names in lower case, the body as text. */
export type Reply = Readonly<{ status: number; headers: Readonly<Record<string, string>>; body: string }>

/** Puts a call and answers the reply; rejects when there is none. */
export type Ask = (call: Call) => Promise<Reply>

/** What calls are built from. */
export type Material = Readonly<{
  /** The credentials by the name each is stored under, opened. */
  values: Readonly<Record<string, unknown>>
  /** What belongs to the operator and not to the merchant, by the names in `Verification.operator`. */
  operator: Readonly<Record<string, string>>
  at: Date
  /** A UUID for carriers that want one with each request. */
  requestId: string
  /** What an earlier step minted. */
  token?: Secret<string>
  /** What came back from the carrier's sign-in page, and what was kept for it. */
  approval?: Readonly<{ code: string; verifier: string; redirectUri: string }>
}>

/** An access token and the seconds it is good for. */
export type Minted = Readonly<{ token: Secret<string>; seconds: number }>

/** A reply in the carrier's own words: its codes, and its text in lower case; of a grant no text, since its words are its tokens. Never shown to anyone. */
export type Reading = Readonly<{
  codes: readonly string[]
  text: string
  /** Values of the reply that rules ask about. */
  facts?: Readonly<Record<string, string | undefined>>
  minted?: Minted
  /** What the next access token is to be asked for with. */
  refreshToken?: Secret<string>
}>

export type Seen = Reading & { status: number }

/** `continue` goes on with the next step; after the last one it proves nothing. */
export type Rule = Readonly<{
  when: (seen: Seen, material: Material) => boolean
  then: VerificationOutcome | 'continue'
  /** What to tell the caller about it, as a sentence of ours. */
  because: string
}>

export type Step = Readonly<{
  call: (material: Material) => Call
  /** Reads a reply; `undefined` where it is not in the format that the carrier documents. */
  read: (reply: Reply) => Reading | undefined
  /** The carrier's own rules; the first that holds decides. */
  rules: readonly Rule[]
  /** The call goes out under the operator's name: a plain refusal then speaks of the operator, and a token is not the caller's. */
  asOperator?: true
}>

/** How a carrier proves credentials, by the cheapest call that changes nothing there. */
export type Verification = Readonly<{
  /** The only hosts that its calls go to. */
  hosts: readonly [string, ...string[]]
  /** The operator's value that names the host in place of those, of a carrier that gives platforms hosts of their own. */
  hostFrom?: string
  /** Credentials that have to be set for the proof; without them nothing can be asked. */
  needs: readonly string[]
  /** Of those, the one that names who logs in: what the carrier counts wrong attempts on, and locks. */
  login: string
  /** Further values that its calls carry: with others it would be another proof. */
  uses?: readonly string[]
  /** Values that the operator holds, without which nothing can be asked. */
  operator: readonly string[]
  steps: readonly [Step, ...Step[]]
  /** It mints an access token from the caller's own secret, and the carrier says how long that is good. */
  mints?: true
  /** The public page or file that the call and its outcomes come from. */
  source: string
}>

/** The hosts that calls of this operator go to, and no other. */
export function hostsFor(
  { hosts, hostFrom }: Pick<Verification, 'hosts' | 'hostFrom'>,
  operator: Material['operator'],
): readonly string[] {
  const own = hostFrom === undefined ? undefined : operator[hostFrom]
  return own === undefined ? hosts : [own]
}

/** What is known after asking; `because` is a sentence for the caller, `retryAfter` in seconds. */
export type Finding = Readonly<{
  outcome: VerificationOutcome
  because: string
  minted?: Minted
  retryAfter?: number
}>

/** What a catalog shows of a proof: whom it asks, and what has to be known for it. */
export type VerificationSummary = Pick<Verification, 'hosts' | 'needs' | 'operator' | 'source'>

/** What a catalog shows of a proof; `null` where there is none. */
export function summarize(verification: Verification | undefined): VerificationSummary | null {
  if (!verification) return null
  const { hosts, needs, operator, source } = verification
  return { hosts, needs, operator, source }
}

/** Whether this carrier can be asked about these values at all. */
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

/** Asks the carrier step by step; never rejects: a carrier that cannot be reached is an outcome. */
export async function verify(verification: Verification, material: Material, ask: Ask): Promise<Finding> {
  let token: Secret<string> | undefined
  let minted: Minted | undefined
  for (const step of verification.steps) {
    let reply: Reply
    try {
      reply = await ask(step.call(token === undefined ? material : { ...material, token }))
    } catch {
      return { outcome: 'unavailable', because: 'The carrier could not be reached.' }
    }
    const reading = step.read(reply)
    const { rule: _rule, ...finding } = judge(step, reply, reading, material)
    if (!step.asOperator) minted = reading?.minted ?? minted
    if (finding.outcome !== 'continue')
      return finding.outcome === 'verified' && minted
        ? { ...finding, outcome: finding.outcome, minted }
        : { ...finding, outcome: finding.outcome }
    token = reading?.minted?.token ?? token
  }
  return { outcome: 'inconclusive', because: 'What the carrier was asked does not prove these credentials.' }
}

type Judged = Omit<Finding, 'outcome'> & { outcome: Rule['then'] }

/**
 * What a reply means: by the carrier's own rules, top to bottom, then by the rules that hold everywhere.
 * A reply outside the carrier's format may refuse, but never proves anything; a page for people is an outage.
 */
export function judge(
  step: Step,
  reply: Reply,
  reading: Reading | undefined,
  material: Material,
): Judged & { rule?: Rule } {
  const seen = { codes: [], text: '', ...reading, status: reply.status }
  const rules = reading || !isPage(reply) ? step.rules : []
  const rule = rules.find(({ when, then }) => (reading || !PROVES.has(then)) && when(seen, material))
  const judged = rule ? { outcome: rule.then, because: rule.because, rule } : usuallyOf(step, reply, reading)
  const retryAfter = judged.outcome === 'rate_limited' ? retrySeconds(reply) : undefined
  return { ...judged, ...(retryAfter && { retryAfter }) }
}

const REFUSES: ReadonlySet<Rule['then']> = new Set(['invalid_credentials', 'not_entitled'])

function usuallyOf(step: Step, reply: Reply, reading: Reading | undefined): Judged {
  const judged = usually(reply, reading)
  return step.asOperator && REFUSES.has(judged.outcome)
    ? {
        outcome: 'platform_misconfigured',
        because: 'The carrier does not accept the registration that this server’s operator holds with it.',
      }
    : judged
}

const PROVES: ReadonlySet<Rule['then']> = new Set(['verified', 'continue'])

const isPage = ({ headers, body }: Reply) =>
  /html/i.test(headers['content-type'] ?? '') || /^\s*<(!doctype html|html)/i.test(body)

function usually(reply: Reply, reading: Reading | undefined): Judged {
  const { status } = reply
  if (status === 429) return { outcome: 'rate_limited', because: 'The carrier asks to wait.' }
  if (status === 408 || status >= 500)
    return { outcome: 'unavailable', because: 'The carrier’s system fails at the moment.' }
  if (status >= 300 && status < 400)
    return {
      outcome: 'inconclusive',
      because: 'The carrier points elsewhere, where no credentials are sent.',
    }
  if (isPage(reply) || (!reading && status < 300))
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
