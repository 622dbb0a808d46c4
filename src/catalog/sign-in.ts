import type { Step, Verification } from './verification.ts'

/** An invitation is what the authorize page of a carrier is asked with. */
export type SignInInvitation = Readonly<{
  operator: Readonly<Record<string, string>>
  redirectUri: string
  /** `state` comes back from the page unchanged, once. */
  state: string
  /** `challenge` is the SHA-256 of the verifier in base64url (RFC 7636, S256). */
  challenge: string
}>

/** A sign-in is how a merchant signs in at the carrier itself, so that no secret of the merchant's is ever typed in here. */
export type SignIn = Readonly<{
  /** `hosts` are the only hosts that calls of the sign-in go to. */
  hosts: readonly [string, ...string[]]
  /** `operator` names values that the operator holds, without which nobody can sign in. */
  operator: readonly string[]
  /** `authorize` returns the address of the page at the carrier that the merchant is sent to. */
  authorize: (invitation: SignInInvitation) => string
  /** `exchange` makes a refresh token of the code that came back, which `Material.approval` holds. */
  exchange: Step
  /** `refresh` makes an access token of the refresh token, and where the carrier wants it another refresh token. */
  refresh: Step
  /** `verify` asks about the account under `Material.token`, which the merchant's own refresh token minted. */
  verify: Verification
  /** `source` names the public page or file that the sign-in comes from. */
  source: string
}>

/** A refresh token is kept among the credentials under this name, which no field of a form has. */
export const REFRESH_TOKEN = 'sign_in'
