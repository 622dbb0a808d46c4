import type { Step, Verification } from './verification.ts'

/** A sign-in invitation has the values from which the address of a carrier's sign-in page is made. */
export type SignInInvitation = Readonly<{
  operator: Readonly<Record<string, string>>
  redirectUri: string
  /** `state` is a text that the sign-in page sends back unchanged, and that works once. */
  state: string
  /** `challenge` is the SHA-256 of the verifier in base64url (RFC 7636, S256). */
  challenge: string
}>

/** A `SignIn` says how a merchant signs in at the carrier itself, so that the merchant types no secret of the carrier into Hawser. */
export type SignIn = Readonly<{
  /** `hosts` are the only hosts that calls of the sign-in go to. */
  hosts: readonly [string, ...string[]]
  /** `operator` names values that the operator holds, without which nobody can sign in. */
  operator: readonly string[]
  /** `authorize` returns the address of the page at the carrier that the merchant is sent to. */
  authorize: (invitation: SignInInvitation) => string
  /** `exchange` gets a refresh token for the code that came back; `Material.approval` has the code. */
  exchange: Step
  /** `refresh` gets an access token for the refresh token, and another refresh token where the carrier replaces refresh tokens. */
  refresh: Step
  /** `verify` asks about the account with `Material.token`, an access token that was minted from the merchant's own refresh token. */
  verify: Verification
  /** `source` names the public page or file that describes the sign-in. */
  source: string
}>

/** `REFRESH_TOKEN` is the name under which a refresh token is kept among the credentials; no field of a form has this name. */
export const REFRESH_TOKEN = 'sign_in'
