import type { Call, Reply, VerificationOutcome } from '../catalog/verification.ts'

/** A simulated account has the credentials that are right at the moment, and the operator's values. */
export type SimulatedAccount = Readonly<{
  values: Readonly<Record<string, unknown>>
  operator: Readonly<Record<string, string>>
}>

/** A carrier script gives an answer that the carrier documents beside the usual ones; where `reply` returns `undefined`, the call gets the usual answer. */
export type CarrierScript = Readonly<{
  outcome: VerificationOutcome
  reply: (call: Call) => Reply | undefined
}>

/** A simulated carrier answers as the carrier's documentation says; the answer depends only on the request and on the accounts that the carrier knows. */
export type SimulatedCarrier = Readonly<{
  /** `carrier` is the carrier's id in the catalog. */
  carrier: string
  /** `answer` accepts a request with the credentials of one of these accounts and refuses any other request, in the carrier's own words. */
  answer: (call: Call, accounts: readonly SimulatedAccount[]) => Reply
  scripts: Readonly<Record<string, CarrierScript>>
}>

/** Defines a simulated carrier, which is the default export of its file. */
export const defineSimulatedCarrier = (carrier: SimulatedCarrier): SimulatedCarrier => carrier

/** Builds a reply in JSON. */
export function jsonReply(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }
}

/** Builds a reply in XML. */
export function xmlReply(status: number, body: string): Reply {
  return {
    status,
    headers: { 'content-type': 'text/xml; charset=utf-8' },
    body: `<?xml version="1.0" encoding="utf-8"?>${body}`,
  }
}

/** Builds a script that gives one reply to every call. */
export const always = (outcome: VerificationOutcome, reply: Reply): CarrierScript => ({
  outcome,
  reply: () => reply,
})

/** Builds a script that gives one reply where the path of a call begins with `path`, and gives no reply to other calls. */
export const at = (path: string, outcome: VerificationOutcome, reply: Reply): CarrierScript => ({
  outcome,
  reply: (call) => (new URL(call.url).pathname.startsWith(path) ? reply : undefined),
})

/** Reads the user and the password of a Basic `Authorization` header. */
export function basicUser(call: Call): { user: string; password: string } | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/.exec(call.headers.authorization ?? '')?.[1]
  if (encoded === undefined) return undefined
  const [user = '', ...password] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  return { user, password: password.join(':') }
}

/** Reads the text of the first XML element of this name in a request, unescaped; a simple search is enough, because Hawser itself writes the requests. */
export function elementOf(call: Call, name: string): string | undefined {
  const text = new RegExp(`<(?:\\w+:)?${name}>([^<]*)</`).exec(call.body ?? '')?.[1]
  return text
    ?.replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&')
}
