import type { EnvironmentVariables } from '../../config.ts'
import type { Actor, Context } from '../../context.ts'
import { StartRefused } from '../../errors.ts'
import {
  createTenant,
  deleteTenant,
  renameTenant,
  setTenantActive,
  type TenantObstacles,
} from '../../tenants/manage-tenant.ts'
import { operator } from '../../tenants/operator.ts'
import type { CommandCall } from '../command.ts'
import { requireTenant } from '../require-tenant.ts'
import { withContext } from '../with-context.ts'

type TenantCall<More = object> = CommandCall<{ json?: boolean } & More>

/** Creates a tenant and prints its id. */
export async function create({ env, values, print }: TenantCall<{ name: string }>): Promise<number> {
  const name = requireName(values.name)
  const tenant = await withContext(env, (ctx) => createTenant(ctx, operator('cli'), name))
  if (!tenant) throw new StartRefused(TAKEN)
  print(
    values.json
      ? JSON.stringify({ id: tenant.tenant_id, name, created_at: tenant.created_at })
      : tenant.tenant_id,
  )
  return 0
}

/** Gives a tenant another name. */
export async function rename({ env, values, words, print }: TenantCall<{ name: string }>): Promise<number> {
  const name = requireName(values.name)
  const id = await onTenant(env, words, async (ctx, actor) => {
    if (!(await renameTenant(ctx, actor, name))) throw new StartRefused(TAKEN)
  })
  print(values.json ? JSON.stringify({ id, name }) : `${id} is called ${name}.`)
  return 0
}

/** Disables a tenant: its API keys are refused, and its checks and webhooks wait. */
export async function disable({ env, values, words, print }: TenantCall): Promise<number> {
  const id = await onTenant(env, words, (ctx, actor) => setTenantActive(ctx, actor, { active: false }))
  print(values.json ? JSON.stringify({ id, active: false }) : `${id} is disabled.`)
  return 0
}

/** Enables a disabled tenant, so that its API keys work again. */
export async function enable({ env, values, words, print }: TenantCall): Promise<number> {
  const id = await onTenant(env, words, (ctx, actor) => setTenantActive(ctx, actor, { active: true }))
  print(values.json ? JSON.stringify({ id, active: true }) : `${id} is enabled.`)
  return 0
}

/** Deletes a tenant; throws `StartRefused` where the tenant still has connections, deleted connections that can be restored, or accounts. */
export async function remove({ env, values, words, print }: TenantCall): Promise<number> {
  let keysRevoked = 0
  const id = await onTenant(env, words, async (ctx, actor) => {
    const done = await deleteTenant(ctx, actor)
    if ('inTheWay' in done) throw new StartRefused(refusalOf(done.inTheWay))
    keysRevoked = done.keysRevoked
  })
  const keys = keysRevoked === 1 ? '1 key is' : `${keysRevoked} keys are`
  print(
    values.json
      ? JSON.stringify({ id, deleted: true, keys_revoked: keysRevoked })
      : `${id} is deleted: ${keys} revoked and its webhooks are gone; its audit log stays.`,
  )
  return 0
}

const TAKEN = 'Another tenant has this name (case does not count); see "tenants list".'

function refusalOf({ connections, restorable, accounts }: TenantObstacles): string {
  const kept = [
    `${connections} in force`,
    `${restorable} deleted but restorable`,
    ...(accounts > 0 ? [`${accounts} of its accounts, as a partner`] : []),
  ]
  return `The tenant still has connections or accounts (${kept.join(', ')}). Delete them first (purge=true leaves nothing to restore), or disable the tenant. Nothing was changed.`
}

/** Runs `work` for the tenant that the first word names, and returns the id of the tenant. */
function onTenant(
  env: EnvironmentVariables,
  [text = '']: readonly string[],
  work: (ctx: Context, actor: Actor) => Promise<void>,
): Promise<string> {
  return withContext(env, async (ctx) => {
    const { tenant_id: tenantId } = await requireTenant(ctx, text)
    await work(ctx, { ...operator('cli'), tenantId })
    return tenantId
  })
}

const LONGEST_NAME = 100

function requireName(text: string): string {
  const name = text.trim()
  if (name === '' || name.length > LONGEST_NAME || /\p{Cc}/u.test(name))
    throw new StartRefused(`--name must have 1 to ${LONGEST_NAME} characters and no control characters.`)
  return name
}
