import { createHash } from 'node:crypto'
import type { Call } from '../catalog/verification.ts'

/** The fields of a form that a request carries. */
export const formOf = (call: Call): URLSearchParams => new URLSearchParams(call.body ?? '')

/** The JSON object that a request carries; an empty one where it carries none. */
export function jsonOf(call: Call): Readonly<Record<string, unknown>> {
  try {
    const body: unknown = JSON.parse(call.body ?? '')
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** The token that a simulated carrier issues to a client: always the same one, so that a later call can be checked. */
export const tokenOf = (client: string | undefined, secret: string | undefined): string =>
  createHash('sha256')
    .update(JSON.stringify([client, secret]))
    .digest('base64url')

/** The token of a Bearer `Authorization` header. */
export const bearerOf = (call: Call): string | undefined =>
  /^Bearer (\S+)$/.exec(call.headers.authorization ?? '')?.[1]

/** What stands at a path of member names in a value. */
export const memberOf = (value: unknown, ...names: string[]): unknown =>
  names.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[name] : undefined,
    value,
  )

/** The code that a simulated sign-in page gives, for exactly this client, way back and PKCE challenge. */
export const codeOf = (client: unknown, redirectUri: unknown, challenge: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(['code', client, redirectUri, challenge]))
    .digest('base64url')

/** The S256 challenge of a verifier (RFC 7636). */
export const challengeOf = (verifier: string): string =>
  createHash('sha256').update(verifier).digest('base64url')
