import type { Call, Reply, VerificationOutcome } from '../catalog/verification.ts'

/** An account that a simulated carrier knows has the credentials that are right at the moment, and what the operator holds. */
export type SimulatedAccount = Readonly<{
  values: Readonly<Record<string, unknown>>
  operator: Readonly<Record<string, string>>
}>

/** A carrier script is an answer that the carrier documents beside the usual ones; `undefined` leaves a call to the usual answer. */
export type CarrierScript = Readonly<{
  outcome: VerificationOutcome
  reply: (call: Call) => Reply | undefined
}>

/** A simulated carrier answers as the carrier's documentation says, from the request and the accounts that it knows alone. */
export type SimulatedCarrier = Readonly<{
  /** `carrier` is the carrier's id in the catalog. */
  carrier: string
  /** `reply` accepts a request with the credentials of one of these accounts and refuses any other, in the carrier's own words. */
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

/** Builds a script that gives one reply where the path of a call begins like this, and leaves other calls alone. */
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

/** Reads the text of the first XML element of this name in a request, unescaped; the requests are our own and simple. */
export function elementOf(call: Call, name: string): string | undefined {
  const text = new RegExp(`<(?:\\w+:)?${name}>([^<]*)</`).exec(call.body ?? '')?.[1]
  return text
    ?.replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&')
}
