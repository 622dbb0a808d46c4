import { verifyChain } from '../audit/list-events.ts'
import { describeConfig, parseConfig } from '../config.ts'
import { unverifiable } from '../connections/unasked.ts'
import { checkReady } from '../context.ts'
import { allTenants, operator } from '../tenants/operator.ts'
import { version } from '../version.ts'
import { listUnreachable } from '../webhooks/endpoints.ts'
import type { Call } from './command.ts'
import { withContext } from './with-context.ts'

/** Says what is configured and where each value came from, and checks keys, database and every audit chain. Fails when one is broken. */
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
    const chains = await Promise.all(
      tenants.map(async ({ tenant_id }) => ({
        tenant_id,
        ...(await verifyChain(ctx, tenant_id)),
      })),
    )
    for (const { tenant_id, events, brokenAt, head } of chains)
      print(
        `audit log of ${tenant_id}: ${events} events, ${brokenAt === undefined ? `chain intact, newest hash ${head}` : `broken at ${brokenAt}`}`,
      )
    return chains.some(({ brokenAt }) => brokenAt !== undefined)
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
