import type { Material, Reading, Reply, Rule, Step, Verification } from '../verification.ts'
import { readJson, valuesAt } from './json.ts'
import { readXml, textsOf } from './xml.ts'

type Probe = {
  /** The address, where it carries a value: in its path through `pathSegment`. */
  url: string | ((material: Material) => string)
  headers: (material: Material) => Readonly<Record<string, string>>
  /** What the request says where the carrier wants a POST; its type stands in the headers. */
  body?: (material: Material) => string
  /** What the carrier answers in, and where its codes and the values that rules ask about stand. */
  format: 'json' | 'xml'
  codes?: readonly string[]
  facts?: readonly string[]
  rules: readonly Rule[]
}

type Recipe = Probe & {
  source: string
  host: string
  needs: readonly string[]
  login: string
  operator?: readonly string[]
  hostFrom?: string
}

/** One read-only request under the caller's credentials, in the `Authorization` header or in one of the carrier's own. */
export function probe({
  source,
  host,
  hostFrom,
  needs,
  login,
  operator = [],
  ...recipe
}: Recipe): Verification {
  const hosts = { hosts: [host] as const, ...(hostFrom && { hostFrom }) }
  return { source, ...hosts, needs, login, operator, steps: [probeStep(recipe)] }
}

/** One step of such a proof, for a carrier that has more of them. */
export function probeStep({ url, headers, body, format, codes = [], facts = [], rules }: Probe): Step {
  return {
    call: (material) => ({
      method: body ? 'POST' : 'GET',
      url: typeof url === 'string' ? url : url(material),
      headers: headers(material),
      ...(body && { body: body(material) }),
    }),
    read: (reply) => readReply(reply, format, codes, facts),
    rules,
  }
}

/** Reads codes and facts out of a reply; `undefined` where it is not in the format. */
export function readReply(
  reply: Reply,
  format: 'json' | 'xml',
  codes: readonly string[],
  facts: readonly string[] = [],
): Reading | undefined {
  const valuesOf = format === 'xml' ? readerOfXml(reply) : readerOfJson(reply)
  if (!valuesOf) return undefined
  return {
    codes: codes.flatMap(valuesOf),
    text: reply.body.toLowerCase(),
    facts: Object.fromEntries(facts.map((path) => [path, valuesOf(path)[0]])),
  }
}

function readerOfXml(reply: Reply) {
  const elements = readXml(reply.body)
  return elements && ((name: string) => textsOf(elements, name))
}

function readerOfJson(reply: Reply) {
  const json = readJson(reply)
  return typeof json === 'object' && json !== null ? (path: string) => valuesAt(json, path) : undefined
}
