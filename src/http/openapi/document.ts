import type { FastifyInstance } from 'fastify'
import type { Fields, ParcelCarrier } from '../../catalog/define.ts'
import { allOptional, anyCredentials, group, nickname, optional, text } from '../../catalog/fields.ts'
import { ltlCarriers, parcelCarriers } from '../../catalog/index.ts'
import { formSchema, type JsonSchema } from '../../catalog/json-schema.ts'
import { connectForm } from '../../connections/forms.ts'
import { conditions } from '../../errors.ts'
import type { RouteDescription } from './describe.ts'
import * as schemas from './schemas.ts'

export type DescribedRoute = { method: string; url: string; description: RouteDescription }

/** Collects the routes that are registered from here on, as their description is true for every one of them. */
export function collectRoutes(app: FastifyInstance): DescribedRoute[] {
  const routes: DescribedRoute[] = []
  app.addHook('onRoute', ({ method, url, config }) => {
    const description = config?.description
    if (description && typeof method === 'string' && method !== 'HEAD')
      routes.push({ method, url, description })
  })
  return routes
}

/** The API description in OpenAPI 3.1, made from the routes and from the forms of the catalog. */
export function openApiDocument(routes: readonly DescribedRoute[], version: string) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const path = route.url.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Hawser',
      version,
      description:
        'Carrier accounts of a shipping platform: connect, update, list and disconnect, wire-compatible with the public carrier-connection API. An optional field takes `null` too: absent on connect, cleared on update.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: components(),
      securitySchemes: { api_key: { type: 'apiKey', in: 'header', name: 'API-Key' } },
    },
  }
}

function operation({ url, description }: DescribedRoute) {
  const { operationId, summary, tag, scope, query = [], body, versioned } = description
  const inPath = [...url.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const inQuery = query.map(({ name, about, schema }) => ({ name, in: 'query', description: about, schema }))
  const headers = [
    ...(versioned
      ? [
          {
            name: 'If-Match',
            in: 'header',
            description: 'The version that must still stand.',
            schema: { type: 'string' },
          },
        ]
      : []),
    ...(scope && scope !== 'partner'
      ? [
          {
            name: 'On-Behalf-Of',
            in: 'header',
            description: 'The account that a partner’s key acts for.',
            schema: { type: 'string' },
          },
        ]
      : []),
  ]
  return {
    operationId: operationId + aliasSuffix(url),
    summary,
    tags: [tag],
    security: scope ? [{ api_key: [] }] : [],
    ...(inPath.length + inQuery.length + headers.length > 0
      ? { parameters: [...inPath, ...inQuery, ...headers] }
      : {}),
    ...(body ? { requestBody: { required: true, content: { 'application/json': { schema: body } } } } : {}),
    responses: responses(description, inPath.length > 0),
  }
}

/** The same route answers under several prefixes, and a name stands once. */
function aliasSuffix(url: string): string {
  if (url.startsWith('/v2/')) return '_v2'
  return url.startsWith('/v-beta/ltl/v1/') ? '_ltl_v1' : ''
}

function responses(
  { answers, scope, body, versioned, refusals: more = [] }: RouteDescription,
  inPath: boolean,
) {
  const refusals = [
    ...more,
    400,
    ...(scope ? [401, 403, 429] : []),
    ...(inPath || body ? [404] : []),
    ...(body ? [409, 413, 415] : []),
    ...(versioned ? [412] : []),
    500,
    503,
  ].sort()
  const told = (status: number) =>
    [
      ...new Set(
        Object.values(conditions).flatMap((condition) =>
          condition.status === status ? [condition.when] : [],
        ),
      ),
    ].join(' ')
  return {
    ...Object.fromEntries(
      Object.entries(answers).map(([status, schema]) => [
        status,
        {
          description: schema ? 'Done.' : 'Done; the answer is empty.',
          ...(scope ? { headers: { 'Hawser-Notice': notices } } : {}),
          ...(schema ? { content: { 'application/json': { schema } } } : {}),
        },
      ]),
    ),
    ...Object.fromEntries(refusals.map((status) => [status, refusal(told(status))])),
    default: refusal('Any other refusal.'),
  }
}

const notices = {
  description:
    'Something worth knowing that is no error: a code and parameters, repeated where there are several; absent where there is none.',
  schema: { type: 'string' },
}

const refusal = (description: string) => ({
  description,
  content: { 'application/json': { schema: { $ref: '#/components/schemas/error_envelope' } } },
})

function components(): Record<string, JsonSchema> {
  const named: Record<string, JsonSchema> = { error_envelope: schemas.errorEnvelope }
  const anyOf = (name: string, form: string, pick: (carrier: ParcelCarrier) => JsonSchema | undefined) => {
    const references = parcelCarriers.flatMap((carrier) => {
      const schema = pick(carrier)
      if (!schema) return []
      named[`${form}_${carrier.name}`] = { title: carrier.title, ...schema }
      return [{ $ref: `#/components/schemas/${form}_${carrier.name}` }]
    })
    named[name] = { description: 'The form of the carrier in the path.', anyOf: references }
  }
  anyOf('connect_carrier', 'connect', (carrier) => {
    const { fields, together } = connectForm(carrier)
    return carrier.closed ? undefined : formSchema(fields, together)
  })
  anyOf('update_carrier', 'update', ({ update }) => update && formSchema(update))
  anyOf('carrier_settings', 'settings', ({ settings }) => settings && formSchema(settings))
  const credentials = ltlCarriers.reduce<Fields>(
    (all, carrier) => ({ ...all, ...carrier.credentials }),
    anyCredentials,
  )
  const wrapped = {
    credentials: { ...group('Credentials', allOptional(credentials)), required: true as const },
  }
  named.ltl_credentials = formSchema(wrapped)
  named.ltl_connect = formSchema({
    carrier_code: text('Carrier code'),
    ...wrapped,
    nickname: optional(nickname()),
  })
  return named
}
