import { parseScopes } from '../../tenants/scopes.ts'
import type { CommandCall } from '../command.ts'
import { readLists } from '../lists.ts'
import { requireMatch } from '../require-tenant.ts'

type Listed = Awaited<ReturnType<typeof readLists>>['keys'][number]

const COLUMNS: [heading: string, width: number, cell: (key: Listed) => string][] = [
  ['id', 12, ({ key_id }) => key_id],
  ['tenant', 26, ({ tenant_id }) => tenant_id],
  ['environment', 11, ({ environment }) => environment],
  ['scopes', 20, ({ scopes }) => parseScopes(scopes).join()],
  ['state', 8, stateOf],
  ['created', 17, ({ created_at }) => toTheMinute(created_at)],
  ['expires', 17, ({ expires_at }) => toTheMinute(expires_at)],
  ['revoked', 17, ({ revoked_at }) => toTheMinute(revoked_at)],
  ['last used', 17, ({ last_used_at }) => toTheMinute(last_used_at)],
  ['description', 0, ({ description }) => description ?? ''],
]

/** Prints the API keys of one tenant or of all tenants, without their texts; times are in UTC, and in the table to the minute. */
export async function list({
  env,
  values,
  print,
}: CommandCall<{ tenant?: string; json?: boolean }>): Promise<number> {
  const { tenants, keys: every } = await readLists(env)
  const tenant = values.tenant === undefined ? undefined : requireMatch(tenants, values.tenant)
  const keys = every.filter(({ tenant_id }) => tenant === undefined || tenant_id === tenant.tenant_id)
  if (values.json) print(JSON.stringify({ keys: keys.map(keyObject) }))
  else {
    printRow(print, ([heading]) => heading)
    for (const key of keys) printRow(print, ([, , cell]) => cell(key))
  }
  return 0
}

function printRow(print: CommandCall['print'], text: (column: (typeof COLUMNS)[number]) => string): void {
  const cells = COLUMNS.map((column) => text(column).padEnd(column[1]))
  print(cells.join(' ').trimEnd())
}

const keyObject = (key: Listed) => ({
  id: key.key_id,
  tenant_id: key.tenant_id,
  environment: key.environment,
  scopes: parseScopes(key.scopes),
  description: key.description,
  created_at: key.created_at,
  expires_at: key.expires_at,
  revoked_at: key.revoked_at,
  last_used_at: key.last_used_at,
})

/** Returns a time in the form `2027-01-31T12:00Z`, and a dash for `null`. */
const toTheMinute = (time: string | null): string =>
  time === null ? '-' : `${time.slice(0, '2027-01-31T12:00'.length)}Z`

function stateOf({ revoked_at, expires_at }: Listed): string {
  if (revoked_at) return 'revoked'
  return expires_at && expires_at <= new Date().toISOString() ? 'expired' : 'in force'
}
