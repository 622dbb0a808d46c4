import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Actor, Context, Scope } from '../../context.ts'
import { fail } from '../../errors.ts'
import { requireScope } from '../../require-scope.ts'
import { Secret } from '../../secret.ts'
import { authorize } from '../../tenants/act-on-behalf.ts'
import { authenticate, type Identity, type Unauthenticated } from '../../tenants/authenticate.ts'
import { limitFailures } from '../../tenants/failure-limit.ts'
import type { ActingKey } from '../../tenants/keys/key-form.ts'
import { createKeyUse } from '../../tenants/keys/key-use.ts'
import { createRefusals } from '../../tenants/refused-access.ts'

declare module 'fastify' {
  interface FastifyRequest {
    actor: Actor
    keyId: string | undefined
    /** `identity` is the result of looking up the API key of the request; it is set before anything else is checked. */
    identity: Identity | undefined
  }
  interface FastifyContextConfig {
    /** `scope` is the scope that an API key needs for the route; a route without a scope needs no key. */
    scope?: Scope
  }
}

/**
 * Refuses, before anything else of a request is checked, a request whose API key lacks the scope of the route, and writes refusals to the audit log.
 * The operation behind the route checks the scope again, so that no other route to the operation avoids the check.
 */
export function requireKeys(app: FastifyInstance, ctx: Context): void {
  const failures = limitFailures(ctx.config.failureLimit)
  const record = createRefusals(ctx)
  const use = createKeyUse(ctx)
  app.decorateRequest('keyId', undefined)
  app.decorateRequest('identity', undefined)
  app.addHook('onRequest', async (request) => {
    const { scope, description } = request.routeOptions.config
    if (scope === undefined) return
    const presented = { key: presentedKey(request), requestId: request.id, ip: request.ip }
    const identity = await authenticate(ctx, presented)
    request.identity = identity
    if ('refusal' in identity) {
      const wait = identity.refusal === 'key_absent' ? undefined : failures.note(request.ip)
      return wait === undefined ? refuseKey(identity) : refuseForNow(wait)
    }
    const { actor, keyId } = await authorize(ctx, identity, header(request, 'on-behalf-of'))
    request.actor = actor
    request.keyId = keyId
    if (!(description?.partners && actor.scopes.has('partner'))) requireScope(actor, scope)
  })
  // The record is written after the answer has gone out, so that no client waits for the record.
  app.addHook('onResponse', async ({ refusal: condition, identity, keyId, id: requestId, ip }) => {
    // A refused key counts as tried, and not as used.
    if (keyId !== undefined && identity && !('refusal' in identity))
      use.note({ tenantId: identity.actor.tenantId, keyId, lastUsedAt: identity.lastUsedAt })
    if (condition && identity)
      await record({ condition, actor: identity.actor, keyId: identity.keyId, requestId, ip })
  })
  app.addHook('onClose', () => use.stop(LAST_USES_MS))
}

/** `LAST_USES_MS` is the time in milliseconds for writing the last uses of API keys when the server stops. */
const LAST_USES_MS = 1_000

/** Returns the API key with which a request was authenticated. */
export function actingKey({ identity, actor: { scopes } }: FastifyRequest): ActingKey {
  if (!identity || 'refusal' in identity) throw new Error('A route without a scope asks for a key.')
  const { actor, keyId, expiresAt } = identity
  return { tenantId: actor.tenantId, environment: actor.environment, keyId, scopes, expiresAt }
}

const WHY: Record<Unauthenticated['refusal'], string> = {
  key_absent: 'There is no API key; send one in the API-Key header.',
  key_malformed:
    'The API key is malformed: its form or its checksum is wrong, as of a key that was cut off or mistyped.',
  key_unknown: 'The API key is not known here.',
  key_revoked: 'The API key has been revoked.',
  key_expired: 'The API key has expired.',
}

const refuseKey = ({ refusal }: Unauthenticated): never => fail(refusal, WHY[refusal])

function refuseForNow(seconds: number): never {
  return fail(
    'too_many_failures',
    `Too many requests with a key that is not valid have come from your address; try again in ${seconds} seconds. A valid key is not held back.`,
    { headers: { 'retry-after': `${seconds}`, retryafter: `${seconds}` } },
  )
}

function presentedKey(request: FastifyRequest): Secret<string> | undefined {
  const key = header(request, 'api-key')
  return key === undefined ? undefined : new Secret(key)
}

function header({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}
