import { Secret } from '../../secret.ts'
import type { Material, Minted, Reading, Reply, Rule, Step, Verification } from '../verification.ts'
import { readJson, valuesAt } from './json.ts'

type Mint = {
  url: string
  method?: 'GET' | 'POST'
  headers?: (material: Material) => Readonly<Record<string, string>>
  /** The body of the request: the fields of a form, or a JSON object. */
  form?: (material: Material) => Readonly<Record<string, string>>
  json?: (material: Material) => Readonly<Record<string, unknown>>
  /** Where the token stands, the first that is set; and the seconds it lasts, or that number itself. */
  token: readonly string[]
  lifetime: string | number
  /** Where a refresh token stands, of a carrier that gives one. */
  refreshToken?: string
  codes?: readonly string[]
  rules: readonly Rule[]
}

type Recipe = Mint & {
  source: string
  needs: readonly string[]
  login: string
  operator?: readonly string[]
}

/** A request that mints an access token from the caller's own secret; the token is the proof. */
export function tokenMint({ source, needs, login, operator = [], ...recipe }: Recipe): Verification {
  return {
    ...{ source, needs, login, operator, hosts: [new URL(recipe.url).hostname], steps: [tokenStep(recipe)] },
    ...(recipe.lifetime !== 0 && { mints: true }),
  }
}

/** One step of such a proof: for a carrier where the token alone proves nothing about the caller. */
export function tokenStep({ url, method = 'POST', headers, form, json, rules, ...reads }: Mint): Step {
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
  { token, lifetime, refreshToken, codes = [] }: Pick<Mint, 'token' | 'lifetime' | 'refreshToken' | 'codes'>,
): Reading | undefined {
  const body = readJson(reply)
  if (typeof body !== 'object' || body === null) return undefined
  const text = token.flatMap((path) => valuesAt(body, path)).find((value) => value !== '')
  const seconds = Number(typeof lifetime === 'number' ? lifetime : valuesAt(body, lifetime)[0])
  const minted: Minted | undefined =
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
