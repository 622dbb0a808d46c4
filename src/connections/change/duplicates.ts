import { accountKey, accountNumber } from '../../catalog/account.ts'
import type { Carrier } from '../../catalog/define.ts'
import type { Values } from '../../catalog/forms/validate.ts'
import type { Actor } from '../../context.ts'
import { fail } from '../../errors.ts'
import { findByAccount } from '../../store/tables/connections/connections.ts'
import type { Db } from '../../store/db.ts'
import type { BuriedConnection } from '../../store/schema/tables.ts'
import { hasBuriedTwin } from '../../store/tables/connections/deleted.ts'

/** A candidate is the account that a connection is to stand for: `carrierId` names the connection where it is there already. */
export type Candidate = {
  carrier: Carrier
  credentials: Values
  carrierId?: string
  /** The body has said that a second connection of the account is meant. */
  isAllowed?: boolean
}

/**
 * Refuses (409) a duplicate of a parcel account and names the connection that is there; a body that allows a duplicate is not refused.
 * Returns the id of a duplicate that the answer has to tell of: an LTL account may be connected twice, and its answer says so.
 */
export async function refuseDuplicate(
  db: Db,
  actor: Actor,
  { carrier, credentials, carrierId, isAllowed = false }: Candidate,
): Promise<string | undefined> {
  const key = accountKey(accountNumber(carrier, credentials))
  const existing = key === null ? undefined : await findByAccount(db, actor, carrier.id, key)
  if (!existing || existing.carrier_id === carrierId) return undefined
  if (carrier.mode === 'ltl') return existing.carrier_id
  return isAllowed ? undefined : refuse(carrier, existing.carrier_id)
}

/**
 * Refuses (409) to restore a connection whose account has been connected since it was deleted.
 * Returns the id of a duplicate that stood beside it before, which is no reason to refuse.
 */
export async function refuseLaterDuplicate(
  db: Db,
  actor: Actor,
  carrier: Carrier,
  { account_key: key, had_twin, deleted_seq }: BuriedConnection,
): Promise<string | undefined> {
  const newest = key === null ? undefined : await findByAccount(db, actor, carrier.id, key, 'newest')
  if (newest && (had_twin === 0 || newest.created_seq > deleted_seq)) refuse(carrier, newest.carrier_id)
  return newest?.carrier_id
}

/** Tells whether another connection of the account is there, or is deleted and can come back; of two that are deleted one after the other, each had the other. */
export async function hasDuplicate(
  db: Db,
  actor: Actor,
  { carrier, account_key, created_seq }: Pick<BuriedConnection, 'carrier' | 'account_key' | 'created_seq'>,
): Promise<boolean> {
  if (account_key === null) return false
  if (await findByAccount(db, actor, carrier, account_key)) return true
  return hasBuriedTwin(db, actor, carrier, account_key, created_seq)
}

const refuse = (carrier: Carrier, existing: string): never =>
  fail('account_already_connected', `This ${carrier.title} account is already connected.`, {
    carrierId: existing,
  })
