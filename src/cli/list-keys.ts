import { parseScopes } from '../tenants/scopes.ts'
import type { Call } from './command.ts'
import { readLists } from './lists.ts'
import { requireMatch } from './require-tenant.ts'

const WIDTHS = [12, 26, 11, 24, 8, 24]

/** Lists the keys of one tenant or of all, without their text. */
export async function list({
  env,
  values,
  print,
}: Call<{ tenant?: string; json?: boolean }>): Promise<number> {
  const { tenants, keys: every } = await readLists(env)
  const tenant = values.tenant === undefined ? undefined : requireMatch(tenants, values.tenant)
  const keys = every.filter(({ tenant_id }) => tenant === undefined || tenant_id === tenant.tenant_id)
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
