import type { Material, Rule, Step, Verification } from '../verification.ts'
import { jsonPart } from './json.ts'
import { readReply } from './probe.ts'

type BodyCodeRecipe = {
  source: string
  needs: readonly string[]
  login: string
  operator?: readonly string[]
  url: string
  headers?: Readonly<Record<string, string>> | ((material: Material) => Readonly<Record<string, string>>)
  body: (material: Material) => string
  /** `codes` says where the carrier writes the outcome: in XML elements with these local names, or at these paths in JSON. */
  codes: { xml: readonly string[] } | { json: readonly string[] }
  /** `facts` says in the same way where the values are that rules ask about. */
  facts?: readonly string[]
  rules: readonly Rule[]
}

/** Verifies credentials at a carrier that states the outcome in the body, whatever the HTTP status is. */
export function bodyCode(recipe: BodyCodeRecipe): Verification {
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

/** Builds one step that reads the outcome in the body, for a carrier that is asked in several steps. */
export function bodyCodeStep(
  {
    url,
    headers = {},
    body,
    codes,
    facts,
  }: Omit<BodyCodeRecipe, 'source' | 'needs' | 'login' | 'operator' | 'rules'>,
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
