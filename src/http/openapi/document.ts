import type { FastifyInstance } from 'fastify'
import type { ConditionName } from '../../errors.ts'
import { componentSchemas } from './components.ts'
import { exampleComponents } from './examples.ts'
import { headerComponents } from './headers.ts'
import { operation, type DescribedRoute } from './operation.ts'
import { OF_ANY_PATH, refusalsOf } from './refusals.ts'
import { collectResponses } from './shared-responses.ts'
import { tags } from './tags.ts'

/** Returns a list to which every described route is added that is registered after this call. */
export function collectRoutes(app: FastifyInstance): DescribedRoute[] {
  const routes: DescribedRoute[] = []
  app.addHook('onRoute', ({ method, url, config }) => {
    const description = config?.description
    if (description && typeof method === 'string' && method !== 'HEAD')
      routes.push({ method, url, description })
  })
  return routes
}

const ABOUT = `Carrier accounts of a shipping platform: connect, update, list and disconnect, wire-compatible with the public carrier-connection API.

Every route that takes a key reads it from the header \`API-Key\`; keys with the prefix \`TEST_\` belong to the sandbox, where no request leaves for a carrier. Every \`/v1\` route answers under \`/v2\` too. A refusal is always the same envelope; its \`error_code\` may get new values, and \`docs/errors.md\` lists what each means.

In the bodies of carriers an optional field may be \`null\` or empty: it is absent on connect and cleared on update. A truth value may come as the text \`"true"\` or \`"false"\`.

Three published operations are always refused, since Hawser does nothing at carriers but ask about credentials: \`PUT /v1/carriers/{carrier_id}/add_funds\`, \`PUT /v1/labels/{label_id}/void\` and \`POST /v1/manifests\`. They stand under \`x-hawser-always-refused\` and in no path.`

/** Returns the API description in OpenAPI 3.1, made from the routes and from the forms of the catalog. */
export function openApiDocument(routes: readonly DescribedRoute[], version: string) {
  const paths: Record<string, Record<string, unknown>> = {}
  const shared = collectResponses()
  for (const route of routes.filter(canSucceed)) {
    const path = pathOf(route)
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route, shared) }
  }
  const used = new Set<string>(routes.map(({ description }) => description.tag))
  return {
    openapi: '3.1.0',
    info: {
      title: 'Hawser',
      version,
      description: ABOUT,
      contact: { name: 'Whoever runs this server' },
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: '/', description: 'This server' }],
    tags: Object.entries(tags)
      .filter(([name]) => used.has(name))
      .map(([name, description]) => ({ name, description })),
    paths,
    'x-hawser-always-refused': routes.filter((route) => !canSucceed(route)).map(refusedRoute),
    components: {
      schemas: componentSchemas(),
      headers: headerComponents(),
      responses: shared.components,
      examples: exampleComponents(conditionsOf(routes)),
      securitySchemes: {
        api_key: { type: 'apiKey', in: 'header', name: 'API-Key', description: 'A key of an account.' },
      },
    },
  }
}

const pathOf = ({ url }: DescribedRoute) => url.replaceAll(/:(\w+)/g, '{$1}')

/** Returns false for a route that always refuses; no client has a use for such a route, and OpenAPI has no place for it. */
const canSucceed = ({ description }: DescribedRoute) => Object.keys(description.answers).length > 0

/** Returns a published route that Hawser always refuses, with the conditions of its refusals. */
const refusedRoute = (route: DescribedRoute) => ({
  method: route.method,
  path: pathOf(route),
  conditions: route.description.refuses ?? [],
  description: route.description.description,
})

/** Returns every condition under which some operation refuses. */
const conditionsOf = (routes: readonly DescribedRoute[]): ReadonlySet<ConditionName> =>
  new Set([
    ...OF_ANY_PATH,
    ...routes
      .filter(canSucceed)
      .flatMap(({ url, description }) => [...refusalsOf(url, description).values()].flat()),
  ])
