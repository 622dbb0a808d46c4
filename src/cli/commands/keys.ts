import type { Context, Scope } from '../../context.ts'
import { StartRefused } from '../../errors.ts'
import { Secret } from '../../secret.ts'
import { listAllKeys, createKey, findKeyIdOf, revokeKey } from '../../tenants/keys/api-keys.ts'
import { readKeyEnd } from '../../tenants/keys/key-end.ts'
import { operator } from '../../tenants/operator.ts'
import { parseScopes, scopeNames } from '../../tenants/scopes.ts'
import type { CommandCall } from '../command.ts'
import { readSecret } from '../read-secret.ts'
import { requireTenant } from '../require-tenant.ts'
import { withContext } from '../with-context.ts'

type Wanted = {
  tenant: string
  environment: string
  scopes: string
  description?: string
  expires?: string
  json?: boolean
}

/** Makes an API key and prints only its text, which is shown this once; remarks about the key are written as a note. */
export async function create({ env, values, print, note }: CommandCall<Wanted>): Promise<number> {
  const { environment } = values
  if (environment !== 'production' && environment !== 'sandbox')
    throw new StartRefused('--environment must be production or sandbox.')
  const scopes = requireScopes(values.scopes)
  const expiresAt = values.expires === undefined ? undefined : requireEnd(values.expires)
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
    return { tenantId, key: await createKey(ctx, { ...operator('cli', { environment }), tenantId }, wanted) }
  })
  const text = key.text.reveal()
  const { expires_at } = key.listed
  const until = expires_at === null ? '' : `, until ${expires_at}`
  print(
    values.json
      ? JSON.stringify({ key: text, id: key.keyId, tenant_id: tenantId, environment, scopes, expires_at })
      : text,
  )
  if (!values.json)
    note(
      `This is the only time that the key is shown. Its id is ${key.keyId}; it is in force at once${until}.`,
    )
  return 0
}

/** Revokes an API key of any tenant, named by its id or its text; servers refuse the key from their next request on. */
export async function revoke({
  env,
  values,
  words,
  print,
}: CommandCall<{ json?: boolean }>): Promise<number> {
  const [word = '-'] = words
  const named = word === '-' ? await readSecret('The API key, or its id: ') : new Secret(word)
  const keyId = await withContext(env, async (ctx) => {
    const keyId = await requireKeyId(ctx, named)
    const key = (await listAllKeys(ctx)).find(({ key_id }) => key_id === keyId)
    if (!key) throw new StartRefused('There is no key of this id.')
    const done = await revokeKey(
      ctx,
      { ...operator('cli', { environment: key.environment }), tenantId: key.tenant_id },
      keyId,
    )
    if (!done) throw new StartRefused('The key was revoked before.')
    return keyId
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

function requireEnd(text: string): string {
  const end = readKeyEnd('--expires', text, new Date())
  if ('message' in end) throw new StartRefused(end.message)
  return end.at
}

/** Returns the given id, or the id of the key whose text was given; no part of the text of a key is ever printed. */
async function requireKeyId(ctx: Context, named: Secret<string>): Promise<string> {
  const text = named.reveal().trim()
  if (text === '')
    throw new StartRefused(
      'It needs the id of a key, or the key itself on standard input (and "keys list" shows the ids).',
    )
  if (!text.includes('hws_')) return text
  const keyId = await findKeyIdOf(ctx, new Secret(text))
  if (keyId === undefined)
    throw new StartRefused(
      'No key was made here with this text, or it was cut off or mistyped; nothing was revoked. "keys list" shows the ids.',
    )
  return keyId
}
