import { setTimeout as pause } from 'node:timers/promises'
import type { TestContext } from 'node:test'
import { createChecks, type Checks } from '../../../src/health/checks.ts'
import { openTestServer, type TestServer } from '../server/test-server.ts'
import type { DatabaseName } from '../database/databases.ts'
import { storedConnection } from '../connections/stored-connection.ts'
import { newClock, type Clock } from '../clock.ts'
import { outbox } from '../webhooks/outbox.ts'
import { unique } from '../unique.ts'
import { type ScriptedCarriers, openScriptedCarriers } from './scripted-carriers.ts'

/** This connection under test has its id, and the account that the carrier is asked about. */
export type CheckedConnection = { id: string; account: string }

/** Connects an account whose checks a test follows, unless told otherwise a new one at Canada Post. */
export async function connectChecked(
  server: TestServer,
  carrier: 'canada_post' | 'dhl_express' = 'canada_post',
  { account = unique('account'), key = server.key } = {},
): Promise<CheckedConnection> {
  const body =
    carrier === 'canada_post'
      ? { api_key: account, api_secret: 'a secret', account_number: account, contract_id: '1' }
      : { account_number: account, site_id: account, password: 'a secret' }
  const { json, text } = await server.request('POST', `/v1/connections/carriers/${carrier}`, {
    key,
    body: { nickname: 'watched', ...body },
  })
  if (!json?.carrier_id) throw new Error(text)
  return { id: json.carrier_id, account }
}

export type ScheduledChecks = { server: TestServer; clock: Clock; carriers: ScriptedCarriers; worker: Checks }

/** Opens a server whose carriers are scripted, with one worker that checks connections. */
export async function openScheduledChecks(
  t: TestContext,
  database: DatabaseName,
  { env = {}, rehearse = true }: { env?: Record<string, string>; rehearse?: boolean } = {},
): Promise<ScheduledChecks> {
  const clock = newClock()
  const carriers = openScriptedCarriers(clock)
  const server = await openTestServer(database, {
    clock: clock.now,
    outbound: carriers.outbound,
    env,
    repeatTransactions: rehearse,
  })
  t.after(server.close)
  return { server, clock, carriers, worker: createChecks(server.ctx) }
}

/** Reads when the connection is to be checked next; `undefined` means that no check is planned. */
export async function nextCheckAt(server: TestServer, id: string): Promise<number | undefined> {
  const row = await server.ctx.store.read(server.tenantId, (db) =>
    db
      .selectFrom('scheduled_check')
      .select('due_at')
      .where('tenant_id', '=', server.tenantId)
      .where('carrier_id', '=', id)
      .executeTakeFirst(),
  )
  return row && Date.parse(row.due_at)
}

/** Moves the clock to the next check of a connection, and runs every check that is due then. */
export async function runNextCheck(
  { server, clock, worker }: Pick<ScheduledChecks, 'server' | 'clock' | 'worker'>,
  { id }: Pick<CheckedConnection, 'id'>,
): Promise<void> {
  const due = await nextCheckAt(server, id)
  if (due === undefined) throw new Error('Nothing is planned.')
  clock.forward(Math.max(0, due - clock.now().getTime()))
  while ((await worker.tick()) > 0);
}

export const stateOf = async (server: TestServer, { id }: CheckedConnection) =>
  (await storedConnection(server, id)).row.state

/** Lists the types of the messages that wait for webhooks, oldest first; the order of messages of one moment is by chance. */
export const announcedTypes = async (server: TestServer) => (await outbox(server)).map(({ type }) => type)

/** Waits until a condition holds. */
export async function waitUntil(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(2)
}
