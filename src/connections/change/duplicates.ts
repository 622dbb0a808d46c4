import { accountKey, accountNumber } from '../../catalog/account.ts'
import type { Carrier } from '../../catalog/define.ts'
import type { Values } from '../../catalog/forms/validate.ts'
import type { Actor } from '../../context.ts'
import { fail } from '../../errors.ts'
import { findByAccount } from '../../store/tables/connections/connections.ts'
import type { Db } from '../../store/db.ts'
import type { DeletedConnection } from '../../store/schema/tables.ts'
import { hasDeletedDuplicate } from '../../store/tables/connections/deleted.ts'

/** A candidate is the account that a connection is to be of; `carrierId` names the connection where there is one already. */
export type DuplicateCandidate = {
  carrier: Carrier
  credentials: Values
  carrierId?: string
  /** `isAllowed` means that the body asks for a second connection of the account. */
  isAllowed?: boolean
}

/**
 * Refuses (409) a duplicate of a parcel account and names the existing connection; a body that allows a duplicate is not refused.
 * Returns the id of a duplicate that the answer has to name: an LTL account may be connected twice.
 */
export async function refuseDuplicate(
  db: Db,
  actor: Actor,
  { carrier, credentials, carrierId, isAllowed = false }: DuplicateCandidate,
): Promise<string | undefined> {
  const key = accountKey(accountNumber(carrier, credentials))
  const existing =
    key === null ? undefined : await findByAccount(db, actor, { carrier: carrier.id, accountKey: key })
  if (!existing || existing.carrier_id === carrierId) return undefined
  if (carrier.mode === 'ltl') return existing.carrier_id
  return isAllowed ? undefined : refuse(carrier, existing.carrier_id)
}

/**
 * Refuses (409) to restore a connection whose account has been connected again since the delete.
 * Returns the id of a duplicate that existed before the delete; such a duplicate is no reason to refuse.
 */
export async function refuseLaterDuplicate(
  db: Db,
  actor: Actor,
  carrier: Carrier,
  { account_key: key, had_duplicate, deleted_seq }: DeletedConnection,
): Promise<string | undefined> {
  const newest =
    key === null
      ? undefined
      : await findByAccount(db, actor, { carrier: carrier.id, accountKey: key, which: 'newest' })
  if (newest && (had_duplicate === 0 || newest.created_seq > deleted_seq)) refuse(carrier, newest.carrier_id)
  return newest?.carrier_id
}

/** Returns whether another connection of the account exists, or is deleted and can be restored. So two duplicates that are deleted one after the other can both be restored. */
export async function hasDuplicate(
  db: Db,
  actor: Actor,
  { carrier, account_key, created_seq }: Pick<DeletedConnection, 'carrier' | 'account_key' | 'created_seq'>,
): Promise<boolean> {
  if (account_key === null) return false
  const account = { carrier, accountKey: account_key }
  if (await findByAccount(db, actor, account)) return true
  return hasDeletedDuplicate(db, actor, account, created_seq)
}

const refuse = (carrier: Carrier, existing: string): never =>
  fail('account_already_connected', `This ${carrier.title} account is already connected.`, {
    carrierId: existing,
  })
