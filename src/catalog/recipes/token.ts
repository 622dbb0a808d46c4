import { Secret } from '../../secret.ts'
import type { Material, MintedToken, ReplyWords, Reply, Rule, Step, Verification } from '../verification.ts'
import { readJson, valuesAt } from './json.ts'

type TokenCall = {
  url: string
  method?: 'GET' | 'POST'
  headers?: (material: Material) => Readonly<Record<string, string>>
  /** `form` or `json` is the body of the request: the fields of a form, or a JSON object. */
  form?: (material: Material) => Readonly<Record<string, string>>
  json?: (material: Material) => Readonly<Record<string, unknown>>
  /** `token` lists the places where the token may be, and the first place that has a value counts; `lifetime` is the place of the token's lifetime in seconds, or the number of seconds itself. */
  token: readonly string[]
  lifetime: string | number
  /** `refreshToken` is the place of the refresh token, for a carrier that gives one. */
  refreshToken?: string
  codes?: readonly string[]
  rules: readonly Rule[]
}

type TokenMintRecipe = TokenCall & {
  source: string
  needs: readonly string[]
  login: string
  operator?: readonly string[]
}

/** Verifies credentials by a request that mints an access token from the caller's own secret: a caller who gets a token is verified. */
export function tokenMint({ source, needs, login, operator = [], ...recipe }: TokenMintRecipe): Verification {
  return {
    ...{ source, needs, login, operator, hosts: [new URL(recipe.url).hostname], steps: [tokenStep(recipe)] },
    ...(recipe.lifetime !== 0 && { mints: true }),
  }
}

/** Builds one step that mints a token, for a carrier whose token alone says nothing about the caller. */
export function tokenStep({ url, method = 'POST', headers, form, json, rules, ...reads }: TokenCall): Step {
  return {
    call: (material) => ({
      method,
      url,
      headers: {
        accept: 'application/json',
        ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...(json && { 'content-type': 'application/json' }),
        ...headers?.(material),
      },
      ...(form && { body: new URLSearchParams(form(material)).toString() }),
      ...(json && { body: JSON.stringify(json(material)) }),
    }),
    read: (reply) => readToken(reply, reads),
    rules,
  }
}

const LONGEST_LIFETIME = 86_400

function readToken(
  reply: Reply,
  {
    token,
    lifetime,
    refreshToken,
    codes = [],
  }: Pick<TokenCall, 'token' | 'lifetime' | 'refreshToken' | 'codes'>,
): ReplyWords | undefined {
  const body = readJson(reply)
  if (typeof body !== 'object' || body === null) return undefined
  const text = token.flatMap((path) => valuesAt(body, path)).find((value) => value !== '')
  const seconds = Number(typeof lifetime === 'number' ? lifetime : valuesAt(body, lifetime)[0])
  const minted: MintedToken | undefined =
    text === undefined || reply.status >= 300
      ? undefined
      : { token: new Secret(text), seconds: seconds > 0 ? Math.min(seconds, LONGEST_LIFETIME) : 0 }
  const [next] = minted && refreshToken ? valuesAt(body, refreshToken) : []
  return {
    codes: codes.flatMap((path) => valuesAt(body, path)),
    text: minted ? '' : reply.body.toLowerCase(),
    ...(minted && { minted }),
    ...(next && { refreshToken: new Secret(next) }),
  }
}
