import type { RouteShorthandOptions } from 'fastify'
import type { JsonSchema } from '../../catalog/forms/json-schema.ts'
import type { Scope } from '../../context.ts'
import type { ConditionName } from '../../errors.ts'
import type { HeaderName } from './headers.ts'
import type { ParameterName } from './parameters.ts'
import type { Tag } from './tags.ts'

/** A `QueryParameter` describes a parameter in the query of a route. */
export type QueryParameter = {
  name: string
  about: string
  schema: JsonSchema
  /** `scope` is the additional scope that a key needs for the parameter; the operation decides, but the route refuses earlier. */
  scope?: Scope
  /** `repeats` returns true where the value agrees with the path; only a parameter that repeats a part of the path has the function. */
  repeats?: (value: string, params: Readonly<Record<string, string>>) => boolean
}

/** A `RouteDescription` is the part of a route in the API description; the tests check every answer against it. */
export type RouteDescription = {
  operationId: string
  summary: string
  /** `description` says in Markdown what the route does and when a client should use it. */
  description: string
  tag: Tag
  scope?: Scope
  /** `partners` means that a partner's key may use the route too, for every account that the partner created where `On-Behalf-Of` names none. */
  partners?: true
  /** `isProbe` means that the route shows whether the process works, and waits for no other request. */
  isProbe?: true
  /** `named` gives, for a name in the path, the name in the table `parameters` that describes it, where the two names differ. */
  named?: Readonly<Record<string, ParameterName>>
  /** `query` has the parameters of the query; any other parameter is refused. */
  query?: readonly QueryParameter[]
  /** `openQuery` means that a carrier writes the query and may add parameters, so that unknown ones are not refused. */
  openQuery?: true
  body?: JsonSchema
  /** `versioned` means that the route reads the header `If-Match`. */
  versioned?: true
  /** `refuses` has the conditions of refusals beside those that follow from the path, the body and the key. */
  refuses?: readonly ConditionName[]
  /** `tells` has the headers of a successful answer, beside those that every such answer has. */
  tells?: readonly HeaderName[]
  /** `always` has the headers of every answer of the route, refusals included. */
  always?: readonly HeaderName[]
  /** `answers` has the schema of the body by status, and `null` for an empty body. Refusals are added from the table of conditions. */
  answers: Readonly<Record<number, JsonSchema | null>>
  /** `isPageToo` means that browsers, which ask for `text/html`, get a page instead of JSON. */
  isPageToo?: true
  /** `mediaType` is the media type of the answer, where it is not JSON. */
  mediaType?: string
}

declare module 'fastify' {
  interface FastifyContextConfig {
    description?: RouteDescription
  }
}

type Limits = { bodyLimit?: number; handlerTimeout?: number }

/** Returns the options of a route: its description, the scope that the route needs, and its own limits. */
export function describe(description: RouteDescription, limits: Limits = {}): RouteShorthandOptions {
  return {
    config: { description, ...(description.scope ? { scope: description.scope } : {}) },
    ...limits,
  }
}

/** Returns a reference to a named schema of the API description; `components.ts` has the names. */
export const reference = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` })
