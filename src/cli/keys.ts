import type { Scope } from '../context.ts'
import { StartRefused } from '../errors.ts'
import { allKeys, createKey, keysOf, revokeKey } from '../tenants/api-keys.ts'
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

const WIDTHS = [12, 26, 11, 24, 8, 24]

/** Lists the keys of one tenant or of all, without their text. */
export async function list({
  env,
  values,
  print,
}: Call<{ tenant?: string; json?: boolean }>): Promise<number> {
  const keys = await withContext(env, async (ctx) =>
    values.tenant === undefined
      ? allKeys(ctx)
      : keysOf(ctx, (await requireTenant(ctx, values.tenant)).tenant_id),
  )
  const rows = keys.map(
    ({ key_id, tenant_id, environment, scopes, description, created_at, expires_at, revoked_at }) => ({
      id: key_id,
      tenant_id,
      environment,
      scopes: parseScopes(scopes),
      description,
      created_at,
      expires_at,
      revoked_at,
    }),
  )
  if (values.json) print(JSON.stringify({ keys: rows }))
  else
    for (const cells of [
      ['id', 'tenant', 'environment', 'scopes', 'state', 'ends', 'description'],
      ...rows.map(({ id, tenant_id, environment, scopes, revoked_at, expires_at, description }) => [
        ...[id, tenant_id, environment, scopes.join(','), stateOf({ revoked_at, expires_at })],
        ...[expires_at ?? 'no end', description ?? ''],
      ]),
    ])
      print(
        cells
          .map((cell, column) => cell.padEnd(WIDTHS[column] ?? 0))
          .join(' ')
          .trimEnd(),
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

function stateOf({
  revoked_at,
  expires_at,
}: {
  revoked_at: string | null
  expires_at: string | null
}): string {
  if (revoked_at) return 'revoked'
  return expires_at && expires_at <= new Date().toISOString() ? 'expired' : 'in force'
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
