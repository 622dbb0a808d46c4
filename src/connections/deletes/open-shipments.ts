import type { Carrier } from '../../catalog/define.ts'
import { fail } from '../../errors.ts'
import type { Db } from '../../store/db.ts'
import { openShipments } from '../../store/tables/shipments/labels.ts'
import type { Connection, OpenShipments } from '../../store/schema/tables.ts'
import { policyOf } from './account-policy.ts'
import { carrierOf, keyOf } from '../request/require.ts'
import type { Actor } from '../../context.ts'

/** What a delete does about open shipments, and who says so: the carrier’s need, the connection’s own policy, or the account’s. */
export type Rule = { does: OpenShipments | 'allow'; because: 'carrier' | 'connection' | 'account' }

/** What stands under a connection, what a delete of it would do now, and why. */
export type Verdict = {
  open: { count: number; oldestShipDate: string | null }
  rule: Rule
  outcome: 'allowed' | 'warned' | 'refused'
}

/**
 * Decides what a delete does about open shipments. A carrier that requires manifests refuses, whatever anybody has set;
 * otherwise the connection decides, and where nobody knows what the carrier requires, the account.
 */
export async function ruleOf(db: Db, actor: Actor, connection: Connection): Promise<Rule> {
  const { requirement } = carrierOf(connection).manifest
  if (requirement === 'required') return { does: 'refuse', because: 'carrier' }
  if (connection.open_shipments) return { does: connection.open_shipments, because: 'connection' }
  if (requirement !== 'unknown')
    return { does: requirement === 'external' ? 'warn' : 'allow', because: 'carrier' }
  const { open_shipments: does } = await policyOf(db, actor)
  return { does, because: 'account' }
}

/** What a delete of this connection would do now. */
export async function judgeDelete(db: Db, actor: Actor, connection: Connection): Promise<Verdict> {
  const open = await openShipments(db, keyOf(actor, connection.carrier_id))
  const rule = await ruleOf(db, actor, connection)
  const told = { allow: 'allowed', warn: 'warned', refuse: 'refused' } as const
  return { open, rule, outcome: open.count === 0 ? 'allowed' : told[rule.does] }
}

const REASONS: Record<Rule['because'], string> = {
  carrier: 'The carrier requires a manifest of every shipment.',
  connection: 'The policy of this connection refuses to delete over them.',
  account: 'The delete policy of the account refuses to delete over them.',
}

/** Refuses (409) a delete that would strand shipments, with how many there are, who says so, and the way out. */
export function refuseStranding(carrier: Carrier, carrierId: string, { open, rule }: Verdict): never {
  const many = open.count === 1 ? '1 open shipment' : `${open.count} open shipments`
  const since = open.oldestShipDate === null ? '' : `, the oldest of ${open.oldestShipDate.slice(0, 10)}`
  fail(
    'open_shipments',
    `There ${open.count === 1 ? 'is' : 'are'} ${many} at ${carrier.title}${since} (GET /v1/labels?carrier_id=${carrierId}&open=true). ${REASONS[rule.because]} Record the manifest (POST /v1/manifests/import) or the void (POST /v1/labels/{label_id}/record_void) of what is open, then delete again; with the scope admin, force=true deletes all the same.`,
    { carrierId },
  )
}
