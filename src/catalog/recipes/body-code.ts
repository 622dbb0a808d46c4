import type { Material, Rule, Step, Verification } from '../verification.ts'
import { jsonPart } from './json.ts'
import { readReply } from './probe.ts'

type Recipe = {
  source: string
  needs: readonly string[]
  login: string
  operator?: readonly string[]
  url: string
  headers?: Readonly<Record<string, string>> | ((material: Material) => Readonly<Record<string, string>>)
  body: (material: Material) => string
  /** Where the outcome stands: local names of XML elements, or paths into JSON. */
  codes: { xml: readonly string[] } | { json: readonly string[] }
  /** Values of the same kind that rules ask about. */
  facts?: readonly string[]
  rules: readonly Rule[]
}

/** The call of a carrier that says in the body what it thinks of the credentials; the HTTP status is not the signal. */
export function bodyCode(recipe: Recipe): Verification {
  const { source, needs, login, operator = [], rules, url } = recipe
  return {
    source,
    needs,
    login,
    operator,
    hosts: [new URL(url).hostname],
    steps: [bodyCodeStep(recipe, rules)],
  }
}

/** One step of such a call, for a carrier that has more of them. */
export function bodyCodeStep(
  {
    url,
    headers = {},
    body,
    codes,
    facts,
  }: Omit<Recipe, 'source' | 'needs' | 'login' | 'operator' | 'rules'>,
  rules: readonly Rule[],
): Step {
  const type = 'xml' in codes ? 'text/xml; charset=utf-8' : 'application/json'
  return {
    call: (material) => ({
      method: 'POST',
      url,
      headers: {
        'content-type': type,
        ...(typeof headers === 'function' ? headers(material) : headers),
      },
      body: body(material),
    }),
    read: (reply) =>
      'xml' in codes
        ? readReply(reply, 'xml', codes.xml, facts)
        : readReply(jsonPart(reply), 'json', codes.json, facts),
    rules,
  }
}
