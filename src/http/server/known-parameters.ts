import type { FastifyInstance, FastifyRequest } from 'fastify'
import { nearest } from '../../catalog/nearest.ts'
import { fail, failFields, type BadField } from '../../errors.ts'
import { isId } from '../../ids.ts'
import { requireScope } from '../../require-scope.ts'
import type { QueryParameter } from '../openapi/describe.ts'

/** `SHOWN` matches the unknown names that an answer may repeat: they are short, and have only letters, digits and a few signs. */
const SHOWN = /^[\w.:[\]-]{1,40}$/
const MOST_TOLD = 20

/**
 * Refuses with 400 a query with a parameter that the description of the route does not have, that is repeated where it may stand once,
 * that is not UTF-8 in percent encoding, or that contradicts the path. A parameter that is not understood must not be ignored, since the client may have sent it to limit what the request does.
 */
export function requireKnownParameters(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    if (request.is404) return
    const { query: known = [], openQuery } = request.routeOptions.config.description ?? {}
    if (openQuery) return
    const unreadable = unreadableIn(request.raw.url ?? '', known)
    if (unreadable.length > 0) failFields(unreadable.slice(0, MOST_TOLD))
    const problems = Object.entries(request.query as Record<string, unknown>).flatMap(([name, value]) => {
      const parameter = known.find((one) => one.name === name)
      return (parameter ? misused(parameter, value, request) : unknown(name, known)) ?? []
    })
    if (problems.length > 0) failFields(problems.slice(0, MOST_TOLD))
  })
}

/** Refuses with 403 a key that lacks the scope which a parameter of its query needs; a parameter with the value `false` needs no scope. The operation checks the scope again. */
export function requireParameterScopes({ routeOptions, query, actor }: FastifyRequest): void {
  const asked = query as Record<string, unknown>
  for (const { name, scope } of routeOptions.config.description?.query ?? [])
    if (scope && asked[name] !== undefined && asked[name] !== 'false') requireScope(actor, scope)
}

/** Returns the names and values of a query that cannot be decoded; the framework would pass them on undecoded. */
function unreadableIn(target: string, known: readonly QueryParameter[]): BadField[] {
  const start = target.indexOf('?')
  const pairs = start < 0 ? [] : target.slice(start + 1).split('&')
  const names = pairs
    .filter((pair) => decoded(pair) === undefined)
    .map((pair) => decoded(pair.split('=')[0] ?? ''))
  return [...new Set(names)].map((name): BadField => {
    const why = 'must be UTF-8 in percent encoding'
    if (!known.some((parameter) => parameter.name === name))
      return { kind: 'invalid', message: `Names and values of the query ${why}; one of them is not.` }
    return { kind: 'invalid', field: name, message: `${name} ${why}.` }
  })
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

function misused({ name, schema, repeats }: QueryParameter, value: unknown, request: FastifyRequest) {
  if (Array.isArray(value) && schema.type !== 'array')
    return { kind: 'invalid', field: name, message: `${name} must be given once.` } satisfies BadField
  if (repeats && !repeats(value as string, request.params as Record<string, string>))
    return {
      kind: 'conflict',
      field: name,
      message: `${name} in the query and in the path say different things; one is enough.`,
    } satisfies BadField
  return undefined
}

function unknown(name: string, known: readonly QueryParameter[]): BadField {
  const names = known.map((parameter) => parameter.name)
  const taken = names.length > 0 ? `It takes ${names.join(', ')}.` : 'It takes none.'
  if (!SHOWN.test(name))
    return { kind: 'invalid', message: `The query has a parameter that this route does not have. ${taken}` }
  const [meant] = nearest(name, names)
  const end = meant === undefined ? '.' : `; did you mean ${meant}?`
  return { kind: 'invalid', field: name, message: `${name} is not a parameter of this route${end} ${taken}` }
}

const isKeyId = (text: string) => /^[0-9A-Za-z]{12}$/.test(text)

/** `IDS` checks the form of each kind of id in a path; `carrier_id` is not in the table, because a `carrier_id` is checked after the carrier. */
const IDS: Readonly<Record<string, (text: string) => boolean>> = {
  account_id: isId,
  label_id: isId,
  manifest_id: isId,
  webhook_id: isId,
  api_key_id: isKeyId,
  key_id: isKeyId,
}

/** Refuses with 404, on every route, an id in the path that does not have the form of an id. */
export function requireWellFormedIds(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ params }) => {
    for (const [name, id] of Object.entries((params ?? {}) as Record<string, string>))
      if (IDS[name]?.(id) === false)
        fail('id_malformed', `The ${name} in the path does not have the form of one.`, { fieldName: name })
  })
}
