import type { RouteShorthandOptions } from 'fastify'
import type { JsonSchema } from '../../catalog/forms/json-schema.ts'
import type { Scope } from '../../context.ts'
import type { ConditionName } from '../../errors.ts'
import type { HeaderName } from './headers.ts'
import type { ParameterName } from './parameters.ts'
import type { Tag } from './tags.ts'

/** A parameter in the query of a route. */
export type QueryParameter = {
  name: string
  about: string
  schema: JsonSchema
  /** What a key needs besides to ask for it; the operation decides, and here it is refused before what comes after it. */
  scope?: Scope
  /** Of a parameter that says again what the path says: whether it says the same. */
  repeats?: (value: string, params: Readonly<Record<string, string>>) => boolean
}

/** What the API description says of a route; it is also what the tests hold every answer against. */
export type RouteDescription = {
  operationId: string
  summary: string
  /** What it does and when to use it, for who calls it; Markdown. */
  description: string
  tag: Tag
  scope?: Scope
  /** A partner's key may ask too, for every account that it created where `On-Behalf-Of` names none. */
  partners?: true
  /** It asks whether the process lives, and waits for no other request. */
  isProbe?: true
  /** What a name in the path stands for, where it stands for something else than its name says. */
  named?: Readonly<Record<string, ParameterName>>
  /** The parameters that there are; any other is refused. */
  query?: readonly QueryParameter[]
  /** Somebody else writes the query, and may add to it. */
  openQuery?: true
  body?: JsonSchema
  /** Whether `If-Match` is looked at. */
  versioned?: true
  /** Why it may refuse, beside what its path, its body and its key may be refused for. */
  refuses?: readonly ConditionName[]
  /** Headers of what it answers when it is done, beside those that every answer of its kind has. */
  tells?: readonly HeaderName[]
  /** Headers of every answer of it, refusals too. */
  always?: readonly HeaderName[]
  /** Body of the answer by status; `null` for an empty one. Refusals are added from the table of conditions. */
  answers: Readonly<Record<number, JsonSchema | null>>
  /** Browsers, which ask for `text/html`, get a page in place of JSON. */
  isPageToo?: true
  /** The type of what is answered, where it is not JSON. */
  mediaType?: string
}

declare module 'fastify' {
  interface FastifyContextConfig {
    description?: RouteDescription
  }
}

type Limits = { bodyLimit?: number; handlerTimeout?: number }

/** The options of a route: its description, the scope it needs, and limits of its own. */
export function describe(description: RouteDescription, limits: Limits = {}): RouteShorthandOptions {
  return {
    config: { description, ...(description.scope ? { scope: description.scope } : {}) },
    ...limits,
  }
}

/** A schema that the API description names; see `components.ts` for the names there are. */
export const reference = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` })
