import { BaseResolver, createConfig, lintFromString } from '@redocly/openapi-core'
import spectral, { type RulesetDefinition, type RulesetFunction } from '@stoplight/spectral-core'
import { oas } from '@stoplight/spectral-rulesets'
import { KNOWN_PATHS, type AmbiguousPaths } from './ambiguous-paths.ts'

export type ApiProblem = { pointer: string; rule: string; message: string }

/** Lists what the `oas` rules of Spectral and the recommended rules of Redocly say against an API description, errors and warnings alike. */
export async function listApiProblems(text: string, known = KNOWN_PATHS): Promise<ApiProblem[]> {
  const outward = listOutwardReferences(JSON.parse(text))
  // Neither program may follow a reference to another place, because this check asks nobody.
  if (outward.length > 0) return outward
  return [...(await askSpectral(text)), ...settle(await askRedocly(text), known)]
}

async function askSpectral(text: string): Promise<ApiProblem[]> {
  const linter = new spectral.Spectral()
  linter.setRuleset(rulesWithoutRepetition())
  return (await linter.run(text)).map(({ path, code, message }) => ({
    pointer: pointerTo(path),
    rule: `${code}`,
    message,
  }))
}

async function askRedocly(text: string): Promise<ApiProblem[]> {
  const found = await lintFromString({
    source: text,
    config: await createConfig({ extends: ['recommended'] }),
    externalRefResolver: new ClosedResolver(),
  })
  return found.map(({ location, ruleId, message }) => ({
    pointer: location[0]?.pointer ?? '#/',
    rule: ruleId,
    message,
  }))
}

/** Resolves references without reading a file or asking a server. */
class ClosedResolver extends BaseResolver {
  override loadExternalRef(reference: string): Promise<never> {
    return Promise.reject(new Error(`${reference} is outside of the description.`))
  }
}

/** Returns the rules of Spectral, changed so that they check each pair of schema and examples once. Unchanged, they check it again behind every reference, which takes most of the time. */
function rulesWithoutRepetition(): RulesetDefinition {
  const rules: Record<string, object> = { ...oas.rules }
  for (const name of ['oas3-valid-media-example', 'oas3-valid-schema-example'] as const) {
    const { then, ...rule } = oas.rules[name]
    rules[name] = { ...rule, then: { ...then, function: once(then.function) } }
  }
  return { ...oas, rules } as RulesetDefinition
}

function once<Options>(check: RulesetFunction<any, Options>): RulesetFunction<any, Options> {
  const faultless = new Set<string>()
  return (target, options, context) => {
    const { path } = context
    // How Spectral checks members that are only read or only written depends on where the schema stands.
    const place = path[0] === 'paths' ? path[3] : path[1]
    const question = JSON.stringify([target, options, place])
    if (faultless.has(question)) return undefined
    const problems = check(target, options, context)
    if (problems === undefined || (Array.isArray(problems) && problems.length === 0)) faultless.add(question)
    return problems
  }
}

/** Removes the problems about known ambiguous paths, and adds a problem for each known pair that is not there. */
function settle(problems: ApiProblem[], known: AmbiguousPaths[]): ApiProblem[] {
  const isOf = ({ rule, message }: ApiProblem, { paths }: AmbiguousPaths) =>
    rule === 'no-ambiguous-paths' && paths.every((path) => message.includes(`\`${path}\``))
  const unused = known.filter((pair) => !problems.some((problem) => isOf(problem, pair)))
  return [
    ...problems.filter((problem) => !known.some((pair) => isOf(problem, pair))),
    ...unused.map(({ paths }) => ({
      pointer: pointerTo(['paths', paths[1]]),
      rule: 'unused-exception',
      message: `\`${paths.join('` and `')}\` are not found ambiguous: take them out of scripts/api-description/ambiguous-paths.ts.`,
    })),
  ]
}

function listOutwardReferences(value: unknown, path: string[] = []): ApiProblem[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) =>
    name === '$ref' && typeof member === 'string' && !member.startsWith('#')
      ? [{ pointer: pointerTo([...path, name]), rule: 'outward-reference', message: `\`${member}\`` }]
      : listOutwardReferences(member, [...path, name]),
  )
}

const pointerTo = (path: (string | number)[]) =>
  `#/${path.map((part) => `${part}`.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`
