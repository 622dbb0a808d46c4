import type { FastifyInstance } from 'fastify'
import { ApiError } from '../../errors.ts'
import { sendRefusal } from './errors.ts'

/** Refuses with 404 a path that no route has, and with 405 and `Allow` a method that the path does not have. */
export function answerUnknownRoutes(app: FastifyInstance): void {
  const methods = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? new Set()
    for (const one of [method].flat()) known.add(one)
    methods.set(url, known)
  })
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? ''
    const allowed = [...methods].flatMap(([url, known]) => (matches(url, path) ? [...known] : []))
    return sendRefusal(request, reply, allowed.length > 0 ? methodNotAllowed(allowed) : ROUTE_UNKNOWN)
  })
}

function matches(pattern: string, path: string): boolean {
  const expected = pattern.split('/')
  const given = path.split('/')
  return (
    expected.length === given.length &&
    expected.every((part, at) => part === given[at] || (part.startsWith(':') && given[at] !== ''))
  )
}

const ROUTE_UNKNOWN = new ApiError([{ condition: 'route_unknown', message: 'There is no such route.' }])

function methodNotAllowed(allowed: readonly string[]): ApiError {
  const problem = {
    condition: 'method_not_allowed',
    message: 'The route does not have this method.',
  } as const
  return new ApiError([problem], { headers: { allow: [...new Set(allowed)].sort().join(', ') } })
}
