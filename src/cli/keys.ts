import type { Scope } from '../context.ts'
import { StartRefused } from '../errors.ts'
import { allKeys, createKey, revokeKey } from '../tenants/api-keys.ts'
import { operator } from '../tenants/operator.ts'
import { parseScopes, scopeNames } from '../tenants/scopes.ts'
import { parseTime } from '../time.ts'
import type { Call } from './command.ts'
import { requireTenant } from './require-tenant.ts'
import { withContext } from './with-context.ts'

type Wanted = {
  tenant: string
  environment: string
  scopes: string
  description?: string
  expires?: string
  json?: boolean
}

/** Makes a key and prints its text, the only time that it is known. */
export async function create({ env, values, print }: Call<Wanted>): Promise<number> {
  const { environment } = values
  if (environment !== 'production' && environment !== 'sandbox')
    throw new StartRefused('--environment must be production or sandbox.')
  const scopes = requireScopes(values.scopes)
  const expiresAt = values.expires === undefined ? undefined : requireTime(values.expires)
  const wanted = {
    environment,
    scopes,
    ...(values.description ? { description: values.description } : {}),
    ...(expiresAt ? { expiresAt } : {}),
  } as const
  const { tenantId, key } = await withContext(env, async (ctx) => {
    const tenant = await requireTenant(ctx, values.tenant)
    const tenantId = tenant.tenant_id
    if (environment === 'production' && tenant.environment === 'sandbox')
      throw new StartRefused('The tenant was made in the sandbox and has no keys of production.')
    return { tenantId, key: await createKey(ctx, { ...operator('cli', environment), tenantId }, wanted) }
  })
  const text = key.text.reveal()
  print(
    values.json
      ? JSON.stringify({ key: text, id: key.keyId, tenant_id: tenantId, environment, scopes })
      : `${text}\nThis is the only time that the key is shown. Its id is ${key.keyId}; it is in force at once.`,
  )
  return 0
}

/** Revokes a key of any tenant; servers refuse it from their next request on. */
export async function revoke({ env, values, words, print }: Call<{ json?: boolean }>): Promise<number> {
  const [keyId = ''] = words
  await withContext(env, async (ctx) => {
    const key = (await allKeys(ctx)).find(({ key_id }) => key_id === keyId)
    if (!key) throw new StartRefused('There is no key of this id.')
    const done = await revokeKey(ctx, { ...operator('cli', key.environment), tenantId: key.tenant_id }, keyId)
    if (!done) throw new StartRefused('The key was revoked before.')
  })
  print(values.json ? JSON.stringify({ id: keyId, revoked: true }) : `${keyId} is revoked.`)
  return 0
}

function requireScopes(text: string): Scope[] {
  const scopes = parseScopes(text)
  const known = text.split(',').every((name) => (scopeNames as string[]).includes(name.trim()))
  if (!known) throw new StartRefused(`--scopes must be some of ${scopeNames.join(', ')}.`)
  return scopes
}

function requireTime(text: string): string {
  const time = parseTime(text)
  if (time === undefined)
    throw new StartRefused(
      '--expires must be a date, or a date and time with an offset, in ISO 8601 (2027-01-31T12:00:00Z).',
    )
  return time
}
