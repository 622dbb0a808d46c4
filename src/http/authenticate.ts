import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Actor, Context, Scope } from '../context.ts'
import { fail } from '../errors.ts'
import { Secret } from '../secret.ts'
import { authenticate } from '../tenants/authenticate.ts'

declare module 'fastify' {
  interface FastifyRequest {
    actor: Actor
    keyId: string | undefined
    scopes: ReadonlySet<Scope>
  }
  interface FastifyContextConfig {
    /** What a key needs for the route; a route without it needs no key. */
    scope?: Scope
  }
}

/** Every route that names a scope is entered with a key that has it, or not at all. */
export function requireKeys(app: FastifyInstance, ctx: Context): void {
  app.decorateRequest('keyId', undefined)
  app.decorateRequest('scopes')
  app.addHook('onRequest', async (request) => {
    const { scope, description } = request.routeOptions.config
    if (scope === undefined) return
    const { actor, keyId, scopes } = await authenticate(ctx, {
      key: presentedKey(request),
      onBehalfOf: header(request, 'on-behalf-of'),
      requestId: request.id,
      ip: request.ip,
    })
    request.actor = actor
    request.keyId = keyId
    request.scopes = scopes
    if (!(description?.partners && scopes.has('partner'))) requireScope(request, scope)
  })
}

/** Refuses a key that lacks the scope. */
export function requireScope({ scopes }: Pick<FastifyRequest, 'scopes'>, scope: Scope): void {
  if (!scopes.has(scope)) fail('scope_missing', `The API key lacks the scope ${scope}.`)
}

function presentedKey(request: FastifyRequest): Secret<string> | undefined {
  const key = header(request, 'api-key')
  return key === undefined ? undefined : new Secret(key)
}

function header({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}
