import type { SignInInvitation, SignIn } from '../sign-in.ts'
import type { Material, Verification } from '../verification.ts'
import { hostsOf } from './hosts.ts'
import { probeStep } from './probe.ts'
import { tokenStep } from './token.ts'

type Grant = Parameters<typeof tokenStep>[0]

type CodeSignInRecipe = {
  source: string
  operator: readonly string[]
  /** `authorize` has the address of the page that the merchant is sent to, and what the page gets beside `redirect_uri`, `response_type` and `state`. */
  authorize: { url: string; client: (operator: Material['operator']) => string | undefined; pkce?: true }
  /** `exchange` is the call that sends the code, and `refresh` is the call that sends the refresh token. */
  exchange: Grant
  refresh: Grant
  /** `account` is a read-only call with the access token; the call names the account, and needs the values in `needs`, `login` and `uses`. */
  account: Parameters<typeof probeStep>[0] & { url: string } & Pick<Verification, 'needs' | 'login' | 'uses'>
}

/** Builds the authorization-code flow of OAuth 2.0 (RFC 6749, 4.1), with PKCE where the carrier offers it (RFC 7636). */
export function codeSignIn({
  source,
  operator,
  authorize,
  exchange,
  refresh,
  account,
}: CodeSignInRecipe): SignIn {
  const { needs, login, uses = [], ...probe } = account
  return {
    source,
    operator,
    hosts: hostsOf(exchange.url, refresh.url),
    authorize: (invitation) => pageOf(authorize, invitation),
    exchange: tokenStep(exchange),
    refresh: tokenStep(refresh),
    verify: {
      source,
      operator,
      needs,
      login,
      uses,
      hosts: [new URL(account.url).hostname],
      steps: [probeStep(probe)],
    },
  }
}

function pageOf({ url, client, pkce }: CodeSignInRecipe['authorize'], asked: SignInInvitation): string {
  const page = new URL(url)
  page.search = new URLSearchParams({
    client_id: client(asked.operator) ?? '',
    redirect_uri: asked.redirectUri,
    response_type: 'code',
    state: asked.state,
    ...(pkce && { code_challenge: asked.challenge, code_challenge_method: 'S256' }),
  }).toString()
  return page.href
}
