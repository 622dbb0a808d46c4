import type { Carrier } from '../../catalog/define.ts'
import { fail } from '../../errors.ts'
import type { Db } from '../../store/db.ts'
import { openShipments } from '../../store/tables/shipments/labels.ts'
import type { Connection, OpenShipments } from '../../store/schema/tables.ts'
import { readAccountPolicy } from './account-policy.ts'
import { carrierOf, connectionKey } from '../request/require.ts'
import type { Actor } from '../../context.ts'

/** A rule says what a delete does about open shipments (`does`), and who has decided that: the carrier, the connection’s own policy, or the policy of the account (`because`). */
export type DeleteRule = { does: OpenShipments | 'allow'; because: 'carrier' | 'connection' | 'account' }

/** Describes the open shipments of a connection, what a delete of the connection would do now, and by which rule. */
export type DeleteDecision = {
  open: { count: number; oldestShipDate: string | null }
  rule: DeleteRule
  outcome: 'allowed' | 'warned' | 'refused'
}

/**
 * Returns what a delete does about open shipments. A carrier that requires manifests refuses, whatever the policies say.
 * Otherwise the connection’s own policy decides. Without one, the catalog’s entry about manifests decides, and where the catalog does not know what the carrier requires, the policy of the account.
 */
export async function chooseDeleteRule(db: Db, actor: Actor, connection: Connection): Promise<DeleteRule> {
  const { requirement } = carrierOf(connection).manifest
  if (requirement === 'required') return { does: 'refuse', because: 'carrier' }
  if (connection.open_shipments) return { does: connection.open_shipments, because: 'connection' }
  if (requirement !== 'unknown')
    return { does: requirement === 'external' ? 'warn' : 'allow', because: 'carrier' }
  const { open_shipments: does } = await readAccountPolicy(db, actor)
  return { does, because: 'account' }
}

/** Returns what a delete of this connection would do now. */
export async function decideDelete(db: Db, actor: Actor, connection: Connection): Promise<DeleteDecision> {
  const open = await openShipments(db, connectionKey(actor, connection.carrier_id))
  const rule = await chooseDeleteRule(db, actor, connection)
  const told = { allow: 'allowed', warn: 'warned', refuse: 'refused' } as const
  return { open, rule, outcome: open.count === 0 ? 'allowed' : told[rule.does] }
}

const REASONS: Record<DeleteRule['because'], string> = {
  carrier: 'The carrier requires a manifest of every shipment.',
  connection: 'The policy of this connection refuses to delete over them.',
  account: 'The delete policy of the account refuses to delete over them.',
}

/** Refuses (409) a delete because of open shipments, and says how many there are, which rule refuses, and what to do. */
export function refuseStranding(carrier: Carrier, carrierId: string, { open, rule }: DeleteDecision): never {
  const many = open.count === 1 ? '1 open shipment' : `${open.count} open shipments`
  const since = open.oldestShipDate === null ? '' : `, the oldest of ${open.oldestShipDate.slice(0, 10)}`
  fail(
    'open_shipments',
    `There ${open.count === 1 ? 'is' : 'are'} ${many} at ${carrier.title}${since} (GET /v1/labels?carrier_id=${carrierId}&open=true). ${REASONS[rule.because]} Record the manifest (POST /v1/manifests/import) or the void (POST /v1/labels/{label_id}/record_void) of what is open, then delete again; with the scope admin, force=true deletes all the same.`,
    { carrierId },
  )
}
