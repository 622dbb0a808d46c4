import type { Step, Verification } from './verification.ts'

/** What an authorize page is asked for. */
export type Invitation = Readonly<{
  operator: Readonly<Record<string, string>>
  redirectUri: string
  /** Comes back unchanged, once. */
  state: string
  /** SHA-256 of the verifier, in base64url (RFC 7636, S256). */
  challenge: string
}>

/** How a merchant signs in at the carrier itself, so that no secret of the merchant's is ever typed in here. */
export type SignIn = Readonly<{
  /** The only hosts that its calls go to. */
  hosts: readonly [string, ...string[]]
  /** Values that the operator holds, without which nobody can sign in. */
  operator: readonly string[]
  /** The page at the carrier that the merchant is sent to. */
  authorize: (invitation: Invitation) => string
  /** Makes the code that came back into a refresh token; `Material.approval` holds what came back. */
  exchange: Step
  /** Makes the refresh token into an access token, and where the carrier wants it into another refresh token. */
  refresh: Step
  /** Proves the account under `Material.token`, which the merchant's own refresh token minted. */
  verify: Verification
  /** The public page or file that it comes from. */
  source: string
}>

/** The name under which a refresh token is kept among the credentials; no form has a field of this name. */
export const REFRESH_TOKEN = 'sign_in'
