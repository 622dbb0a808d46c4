import type { JsonSchema } from '../../catalog/forms/json-schema.ts'
import { conditions, type ConditionName } from '../../errors.ts'
import type { RouteDescription } from './describe.ts'
import { answerExamples, refusalExamples, requestExamples } from './examples.ts'
import { headerReferences, headersOf, type HeaderName } from './headers.ts'
import { pathParameters } from './parameters.ts'
import { OF_ANY_PATH, refusalsOf } from './refusals.ts'
import type { SharedResponses } from './shared-responses.ts'

export type DescribedRoute = { method: string; url: string; description: RouteDescription }

/** Returns a route as an operation of OpenAPI; refusals that other operations have too are shared with them. */
export function operation({ url, description }: DescribedRoute, { share }: SharedResponses) {
  const { operationId, summary, description: about, tag, scope, body } = description
  const parameters = parametersOf(url, description)
  return {
    operationId: operationId + aliasSuffix(url),
    summary,
    description: scope ? `${about}\n\nThe key needs the scope \`${scope}\`.` : about,
    tags: [tag],
    security: scope ? [{ api_key: [] }] : [],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body
      ? { requestBody: { required: true, content: json(body, requestExamples(operationId, body)) } }
      : {}),
    responses: responses(url, description, share),
  }
}

/** Returns a suffix that makes the operation id unique, since one route answers under several prefixes. */
function aliasSuffix(url: string): string {
  if (url.startsWith('/v2/')) return '_v2'
  return url.startsWith('/v-beta/ltl/v1/') ? '_ltl_v1' : ''
}

function parametersOf(url: string, description: RouteDescription) {
  const { query = [], versioned, scope } = description
  const inPath = pathParameters(url, description).map(([name, { about, example }]) => ({
    name,
    in: 'path',
    required: true,
    description: about,
    schema: { type: 'string' },
    example,
  }))
  const inQuery = query.map(({ name, about, schema }) => ({ name, in: 'query', description: about, schema }))
  const inHeader = [
    ...(versioned ? [['If-Match', 'The version that must still stand, as an `ETag` told it: `"v3"`.']] : []),
    ...(scope && scope !== 'partner' ? [['On-Behalf-Of', 'The account that a partner’s key acts for.']] : []),
  ].map(([name, about]) => ({ name, in: 'header', description: about, schema: { type: 'string' } }))
  return [...inPath, ...inQuery, ...inHeader]
}

function responses(url: string, description: RouteDescription, share: SharedResponses['share']) {
  const {
    operationId,
    answers,
    scope,
    tells = [],
    always = [],
    mediaType = 'application/json',
    isPageToo,
  } = description
  const headers = (status: string) => [...always, ...headersOf(status, { hasKey: scope !== undefined })]
  const refusals = [...refusalsOf(url, description)].map(([status, names]) => [
    status,
    share(status, refusal({ names, headers: headers(`${status}`), shown: names })),
  ])
  return {
    ...Object.fromEntries(
      Object.entries(answers).map(([status, schema]) => [
        status,
        {
          description: schema ? 'Done.' : 'Done; the answer is empty.',
          headers: headerReferences([...tells, ...headers(status)]),
          ...(schema
            ? {
                content: {
                  ...media(mediaType, schema, answerExamples(operationId, status)),
                  ...(isPageToo ? media('text/html', { type: 'string' }, {}) : {}),
                },
              }
            : {}),
        },
      ]),
    ),
    ...(Object.fromEntries(refusals) as Record<string, object>),
    default: {
      ...refusal({ names: [], headers: headers('default'), shown: OF_ANY_PATH }),
      description: 'A refusal that any path may answer; see `docs/errors.md`.',
    },
  }
}

/** Returns the response of OpenAPI that stands for the refusals of one status; `shown` has the conditions of its examples. */
const refusal = ({
  names,
  headers,
  shown,
}: {
  names: readonly ConditionName[]
  headers: readonly HeaderName[]
  shown: readonly ConditionName[]
}) => ({
  description: [...new Set(names.map((name) => conditions[name].when))].join(' '),
  headers: headerReferences(headers),
  content: json({ $ref: '#/components/schemas/error_envelope' }, refusalExamples(shown)),
  ...(names.length > 0 ? { 'x-hawser-conditions': names } : {}),
})

const media = (type: string, schema: JsonSchema, examples: object) => ({
  [type]: { schema, ...(Object.keys(examples).length > 0 ? { examples } : {}) },
})
const json = (schema: JsonSchema, examples: object) => media('application/json', schema, examples)
