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

/** A new row is a connection that is connected or restored; a row without a `created_seq` gets the number of the change's audit event. */
type NewRow = Omit<NewConnection, 'created_seq'> & { created_seq: number | undefined }

/** A connection write holds everything that one change of a connection writes. */
export type ConnectionWrite = {
  key: ConnectionKey
  /** `row` is a new row, or the columns to change in the row that still has the version `seenVersion`; a change increases the version by one. */
  row: { added: NewRow } | { seenVersion: number; changed: ConnectionChange & { updated_at: string } }
  /** `superseded` is set where the change replaces the credentials. */
  superseded?: SupersededCredentials | undefined
  /** `signIn` is a sign-in at the carrier that begins with the change. */
  signIn?: SignInRow | undefined
  /** `check` plans the next check of the connection; a `dueAt` of `null` plans none, and without `check` the plan stays as it is. */
  check?: { carrier: string; dueAt: string | null } | undefined
  event: AuditEntry
  messages: readonly OutboxEntry[]
}

/** Superseded credentials are those that a change replaces: `previous` is the row in which they are kept, if they are kept, and `isClaimKept` says whether a claim on the access token stays in force. */
export type SupersededCredentials = {
  nextVersion: number
  isClaimKept: boolean
  previous: PreviousCredentials | undefined
}

/** Writes a change of a connection in the transaction that decided on the change; throws where the row no longer has the version that was read. */
export async function writeConnection(tx: Tx, write: ConnectionWrite): Promise<void> {
  const { key, row, superseded, signIn, check, event, messages } = write
  if ('added' in row) {
    const seq = await appendEntry(tx, event)
    await insertConnection(tx, { ...row.added, created_seq: row.added.created_seq ?? seq })
  } else if (!(await changeConnection(tx, key, row.seenVersion, row.changed)))
    throw new Error('A connection changed under its own lock.')
  if (superseded) {
    const { nextVersion: version, isClaimKept } = superseded
    await supersedeToken(tx, key, { version, isClaimKept })
    if (superseded.previous) await keepPrevious(tx, superseded.previous)
  }
  if (signIn) await insertSignIn(tx, signIn)
  if (check) await planCheck(tx, key, check.carrier, check.dueAt)
  if (!('added' in row)) await appendEntry(tx, event)
  for (const message of messages) await addToOutbox(tx, message, () => findConnection(tx, key))
}
