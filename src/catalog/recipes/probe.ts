import type { Material, ReplyWords, Reply, Rule, Step, Verification } from '../verification.ts'
import { readJson, valuesAt } from './json.ts'
import { readXml, textsOf } from './xml.ts'

type ProbeCall = {
  /** `url` is the address of the call; a value may be in the path only where `pathSegment` has escaped the value. */
  url: string | ((material: Material) => string)
  headers: (material: Material) => Readonly<Record<string, string>>
  /** `body` returns the body of the request where the carrier wants a POST; `headers` has the type of the body. */
  body?: (material: Material) => string
  /** `format` is the format of the carrier's answers; `codes` says where the carrier's codes are, and `facts` where the values are that rules ask about. */
  format: 'json' | 'xml'
  codes?: readonly string[]
  facts?: readonly string[]
  rules: readonly Rule[]
}

type ProbeRecipe = ProbeCall & {
  source: string
  host: string
  needs: readonly string[]
  login: string
  operator?: readonly string[]
  hostFrom?: string
}

/** Verifies credentials by one read-only request that carries the credentials in the `Authorization` header or in a header of the carrier's own. */
export function probe({
  source,
  host,
  hostFrom,
  needs,
  login,
  operator = [],
  ...recipe
}: ProbeRecipe): Verification {
  const hosts = { hosts: [host] as const, ...(hostFrom && { hostFrom }) }
  return { source, ...hosts, needs, login, operator, steps: [probeStep(recipe)] }
}

/** Builds one step with a read-only request, for a carrier that is asked in several steps. */
export function probeStep({ url, headers, body, format, codes = [], facts = [], rules }: ProbeCall): Step {
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

/** Reads codes and facts out of a reply; returns `undefined` where the reply is not in the format. */
export function readReply(
  reply: Reply,
  format: 'json' | 'xml',
  codes: readonly string[],
  facts: readonly string[] = [],
): ReplyWords | undefined {
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
