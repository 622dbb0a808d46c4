import { verifyChain, type Walk } from '../audit/list-events.ts'
import { describeConfig, parseConfig } from '../config.ts'
import { unverifiable } from '../connections/unasked.ts'
import { checkReady } from '../context.ts'
import { checkEnvelopes } from '../custody/check-envelopes.ts'
import { allTenants, everyTenant, operator } from '../tenants/operator.ts'
import { version } from '../version.ts'
import { listUnreachable } from '../webhooks/endpoints.ts'
import type { Call } from './command.ts'
import { withContext } from './with-context.ts'

/** Says what is configured and where each value came from, checks keys, database and every audit chain, and opens every envelope. Fails when something is broken. */
export async function doctor({ env, print }: Call): Promise<number> {
  print(`Hawser ${version} on Node ${process.versions.node}`)
  print('Configuration of this shell; a running server has its own:')
  for (const { name, value, origin } of describeConfig(env))
    print(`  ${name.padEnd(28)} ${value || '-'} (${origin})`)
  for (const warning of parseConfig(env).warnings) print(`warning: ${warning}`)
  const broken = await withContext(env, async (ctx) => {
    await checkReady(ctx)
    const { kek } = ctx.config
    if (kek.kind === 'file') print(`key file: ${kek.path}`)
    print(`key ring: open, data key ${ctx.keyring.activeTerm} in use`)
    print(`database: ${ctx.store.dialect}, up to date`)
    for (const { title, settings } of unverifiable(ctx))
      print(`not verified: ${title}, for lack of ${settings.join(' and ')}`)
    const tenants = await allTenants(ctx)
    for (const { tenant_id, webhook_id, obstacle } of await listUnreachable(ctx, actorsOf(tenants)))
      print(
        `webhook ${webhook_id} of ${tenant_id}: nothing is delivered any more, for its ${OBSTACLES[obstacle]}`,
      )
    let isBroken = false
    // The log of a deleted tenant stays, and has to stay whole.
    for (const { tenant_id: tenantId } of await everyTenant(ctx)) {
      const walk = await verifyChain(ctx, tenantId)
      print(describeWalk(tenantId, walk))
      const { rows, unreadable } = await checkEnvelopes(ctx, tenantId)
      isBroken ||= walk.brokenAt !== undefined || walk.headFault !== undefined || unreadable.length > 0
      for (const { table, id } of unreadable) print(`  does not open where it stands: ${id} in ${table}`)
      print(`envelopes of ${tenantId}: ${rows} rows, ${unreadable.length} do not open`)
    }
    return isBroken
  })
  return broken ? 1 : 0
}

const actorsOf = (tenants: readonly { tenant_id: string }[]) =>
  tenants.flatMap(({ tenant_id: tenantId }) =>
    (['production', 'sandbox'] as const).map((environment) => ({
      ...operator('cli', environment),
      tenantId,
    })),
  )

const OBSTACLES: Readonly<Record<string, string>> = {
  url: 'url is no address of a server',
  user: 'url holds a user name or a password',
  dot: 'host name ends with a dot',
  scheme: 'url is not https (HAWSER_WEBHOOK_HTTP)',
  port: 'port is neither 443 nor 8443 (HAWSER_WEBHOOK_HTTP)',
  address: 'address is not public (HAWSER_OUTBOUND_ALLOW)',
}

function describeWalk(tenantId: string, { events, head, brokenAt, headFault }: Walk): string {
  const log = `audit log of ${tenantId}: ${events} events`
  if (brokenAt !== undefined) return `${log}, broken at ${brokenAt}`
  if (headFault === undefined) return `${log}, chain intact, newest hash ${head}`
  return `${log}, chain intact, but its head is ${headFault}: every change of the tenant is refused. Where no event is missing at the end, mend it with: delete from audit_head where tenant_id = '${tenantId}'; insert into audit_head select tenant_id, seq, hash from audit_event where tenant_id = '${tenantId}' order by seq desc limit 1`
}
