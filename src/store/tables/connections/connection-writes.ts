import { appendEntry, type AuditEntry } from '../tenants/audit-entries.ts'
import { supersedeToken } from './carrier-tokens.ts'
import { changeConnection, findConnection, insertConnection, type ConnectionChange } from './connections.ts'
import type { Tx } from '../../db.ts'
import { addToOutbox, type OutboxEntry } from '../webhooks/outbox-entries.ts'
import { keepPrevious } from './previous-credentials.ts'
import { planCheck } from './checks.ts'
import type { NewConnection, PreviousCredentials, SignInRow } from '../../schema/tables.ts'
import type { ConnectionKey } from '../../scope.ts'
import { insertSignIn } from './sign-ins.ts'

/** A connection that comes into being, or comes back; one that is new gets the number of its event. */
type NewRow = Omit<NewConnection, 'created_seq'> & { created_seq: number | undefined }

/** Everything that is written of one change of a connection, as a value. */
export type ConnectionWrite = {
  key: ConnectionKey
  /** The row: a new one, or columns that go over the version that was read, which counts up by one. */
  row: { added: NewRow } | { seenVersion: number; changed: ConnectionChange & { updated_at: string } }
  /** Of credentials that another version takes the place of. */
  superseded?: SupersededCredentials | undefined
  /** A sign-in at the carrier that begins. */
  signIn?: SignInRow | undefined
  /** When the connection is checked next; `null` plans nothing, and absent leaves what is planned. */
  check?: { carrier: string; dueAt: string | null } | undefined
  event: AuditEntry
  messages: readonly OutboxEntry[]
}

/** What becomes of the credentials before: where they are kept, and whether a claim on the access token outlives them. */
export type SupersededCredentials = {
  nextVersion: number
  isClaimKept: boolean
  previous: PreviousCredentials | undefined
}

/** Carries a change of a connection out, in the transaction that decided on it; throws when the row is not what was read. */
export async function writeConnection(tx: Tx, write: ConnectionWrite): Promise<void> {
  const { key, row, superseded, signIn, check, event, messages } = write
  if ('added' in row) {
    const seq = await appendEntry(tx, event)
    await insertConnection(tx, { ...row.added, created_seq: row.added.created_seq ?? seq })
  } else if (!(await changeConnection(tx, key, row.seenVersion, row.changed)))
    throw new Error('A connection changed under its own lock.')
  if (superseded) {
    await supersedeToken(tx, key, superseded.nextVersion, superseded.isClaimKept)
    if (superseded.previous) await keepPrevious(tx, superseded.previous)
  }
  if (signIn) await insertSignIn(tx, signIn)
  if (check) await planCheck(tx, key, check.carrier, check.dueAt)
  if (!('added' in row)) await appendEntry(tx, event)
  for (const message of messages) await addToOutbox(tx, message, () => findConnection(tx, key))
}
