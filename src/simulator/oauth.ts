import { createHash } from 'node:crypto'
import type { Call } from '../catalog/verification.ts'

/** Reads the fields of a form that a request carries. */
export const formOf = (call: Call): URLSearchParams => new URLSearchParams(call.body ?? '')

/** Reads the JSON object that a request carries; returns an empty one where it carries none. */
export function jsonOf(call: Call): Readonly<Record<string, unknown>> {
  try {
    const body: unknown = JSON.parse(call.body ?? '')
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** Returns the token that a simulated carrier issues to a client; a client always gets the same token, so that a later call can be checked. */
export const tokenOf = (client: string | undefined, secret: string | undefined): string =>
  createHash('sha256')
    .update(JSON.stringify([client, secret]))
    .digest('base64url')

/** Reads the token of a Bearer `Authorization` header. */
export const bearerOf = (call: Call): string | undefined =>
  /^Bearer (\S+)$/.exec(call.headers.authorization ?? '')?.[1]

/** Returns the member of a value that is reached by these names, one inside of the other. */
export const memberOf = (value: unknown, ...names: string[]): unknown =>
  names.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[name] : undefined,
    value,
  )

/** Returns the code that a simulated sign-in page gives; the code is good only for this client, redirect address and PKCE challenge. */
export const codeOf = (client: unknown, redirectUri: unknown, challenge: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(['code', client, redirectUri, challenge]))
    .digest('base64url')

/** Returns the S256 challenge of a verifier (RFC 7636). */
export const challengeOf = (verifier: string): string =>
  createHash('sha256').update(verifier).digest('base64url')
