import { checkChanges, type ChangeCheck } from '../../audit/check-changes.ts'
import { verifyChain, type AuditWalk } from '../../audit/list-events.ts'
import { describeConfig, parseConfig } from '../../config.ts'
import { listUnverifiable } from '../../connections/carrier/missing-settings.ts'
import { checkReady, examineDatabase, SYSTEM, type Context } from '../../context.ts'
import { checkEnvelopes } from '../../custody/check-envelopes.ts'
import { listAllTenants, listTenantsAndDeleted, operator } from '../../tenants/operator.ts'
import { version } from '../../version.ts'
import { listUnreachable } from '../../webhooks/endpoints.ts'
import type { CommandCall } from '../command.ts'
import { withContext } from '../with-context.ts'

/**
 * Prints the configuration and where each value came from, checks the keys, the database as a whole and every audit chain, and opens every envelope.
 * Returns 1 where something is broken. Prints each result at once, or all results as one JSON object.
 */
export async function doctor({ env, values, print }: CommandCall<{ json?: boolean }>): Promise<number> {
  const say = values.json ? () => {} : print
  say(`Hawser ${version} on Node ${process.versions.node}`)
  say('Configuration of this shell; a running server has its own:')
  const configuration = describeConfig(env)
  for (const { name, value, origin } of configuration) say(`  ${name.padEnd(28)} ${value || '-'} (${origin})`)
  const { warnings } = parseConfig(env)
  for (const warning of warnings) say(`warning: ${warning}`)
  const found = await withContext(env, (ctx) => examine(ctx, say))
  if (values.json) {
    const about = { version, node: process.versions.node, configuration, warnings }
    print(JSON.stringify({ ok: !found.isBroken, ...about, ...found.report }))
  }
  return found.isBroken ? 1 : 0
}

async function examine(ctx: Context, say: (text: string) => void) {
  await checkReady(ctx)
  const { kek } = ctx.config
  if (kek.kind === 'file') say(`key file: ${kek.path}`)
  say(`key ring: open, data key ${ctx.keyring.activeTerm} in use`)
  say(`database: ${ctx.store.dialect}, up to date`)
  const faults = await examineDatabase(ctx)
  for (const { what, remedy } of faults) say(`  broken: ${what}\n    ${remedy}`)
  say(`database as a whole: ${faults.length === 0 ? 'nothing is broken' : `${faults.length} broken`}`)
  const database = {
    database: ctx.store.dialect,
    database_faults: faults.map(({ kind, what, remedy }) => ({ kind, what, remedy })),
  }
  if (faults.some(({ isReadable }) => !isReadable)) {
    say('Accounts are not looked at before that is mended.')
    return { isBroken: true, report: database }
  }
  const unverified = listUnverifiable(ctx)
  for (const { title, settings } of unverified)
    say(`not verified: ${title}, for lack of ${settings.join(' and ')}`)
  const unreachable = await listUnreachable(ctx, actorsOf(await listAllTenants(ctx)))
  for (const { tenant_id, webhook_id, obstacle } of unreachable)
    say(
      `webhook ${webhook_id} of ${tenant_id}: nothing is delivered any more, for its ${OBSTACLES[obstacle]}`,
    )
  let isBroken = faults.length > 0
  const tenants: object[] = []
  // The audit log of a deleted tenant stays and has to stay whole; the log of the installation has the events that concern no tenant.
  const owners = [SYSTEM, ...(await listTenantsAndDeleted(ctx)).map(({ tenant_id }) => tenant_id)]
  for (const tenant_id of owners) {
    const walk = await verifyChain(ctx, tenant_id)
    if (tenant_id === SYSTEM && walk.events === 0 && walk.headFault === undefined) continue
    say(describeWalk(tenant_id, walk))
    const { rows, unreadable } = await checkEnvelopes(ctx, tenant_id)
    isBroken ||= walk.brokenAt !== undefined || walk.headFault !== undefined || unreadable.length > 0
    for (const { table, id } of unreadable) say(`  does not open where it stands: ${id} in ${table}`)
    say(`envelopes of ${tenant_id}: ${rows} rows, ${unreadable.length} do not open`)
    const changes = await checkChanges(ctx, tenant_id)
    isBroken ||= changes.unreadable.length + changes.missing.length + changes.foreign.length > 0
    describeChanges(tenant_id, changes).forEach(say)
    const { events, head, brokenAt = null, headFault = null } = walk
    const audit = { events, newest_hash: head, broken_at: brokenAt, head_fault: headFault }
    tenants.push({ tenant_id, audit, envelopes: { rows, unreadable }, changes })
  }
  const report = {
    key_file: kek.kind === 'file' ? kek.path : null,
    data_key: ctx.keyring.activeTerm,
    ...database,
    not_verified: unverified,
    webhooks_without_delivery: unreachable,
    tenants,
  }
  return { isBroken, report }
}

const actorsOf = (tenants: readonly { tenant_id: string }[]) =>
  tenants.flatMap(({ tenant_id: tenantId }) =>
    (['production', 'sandbox'] as const).map((environment) => ({
      ...operator('cli', { environment }),
      tenantId,
    })),
  )

const OBSTACLES: Readonly<Record<Awaited<ReturnType<typeof listUnreachable>>[number]['obstacle'], string>> = {
  url: 'url is no address of a server',
  user: 'url holds a user name or a password',
  dot: 'host name ends with a dot',
  name: 'host name is one that there cannot be',
  scheme: 'url is not https (HAWSER_WEBHOOK_HTTP)',
  port: 'port is neither 443 nor 8443 (HAWSER_WEBHOOK_HTTP)',
  address: 'address is not public (HAWSER_OUTBOUND_ALLOW)',
}

function describeChanges(tenantId: string, found: ChangeCheck): string[] {
  const { rows, erased, unreadable, missing, foreign } = found
  const say = (seqs: readonly number[], what: string) => seqs.map((seq) => `  ${what}: event ${seq}`)
  return [
    ...say(unreadable, 'what it changed was altered or moved'),
    ...say(missing, 'what it changed is gone, and nothing on record erased it'),
    ...say(foreign, 'changes are kept of what changed nothing or is no event'),
    `changes of ${tenantId}: ${rows} rows, ${unreadable.length + missing.length + foreign.length} broken, ${erased} erased`,
  ]
}

function describeWalk(tenantId: string, { events, head, brokenAt, headFault }: AuditWalk): string {
  const log = `audit log of ${tenantId}: ${events} events`
  if (brokenAt !== undefined) return `${log}, broken at ${brokenAt}`
  if (headFault === undefined) return `${log}, chain intact, newest hash ${head}`
  return `${log}, chain intact, but its head is ${headFault}: every change of the tenant is refused. Where no event is missing at the end, mend it with: delete from audit_head where tenant_id = '${tenantId}'; insert into audit_head select tenant_id, seq, hash from audit_event where tenant_id = '${tenantId}' order by seq desc limit 1`
}
