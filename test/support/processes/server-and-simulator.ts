import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { newSecret } from '../leak-scanner.ts'
import { openWorkspace, type Workspace } from './workspace.ts'
import { requireFirstKeys } from './first-keys.ts'
import type { Answer, ServerProcess } from './server-process.ts'
import type { RunningProgram } from './run-program.ts'
import { simulatorAt, type SimulatorClient } from '../carriers/simulator-client.ts'

/** This secret of the merchant, or of the operator, may be seen by nobody but the carrier. */
export const SECRET = newSecret()

/** These build bodies that connect, with the secret wherever their carrier has one. */
export const CARRIER_BODIES: Record<string, (account: string) => object> = {
  chronopost: (account) => ({ nickname: 'n', account_number: account, password: SECRET }),
  mondial_relay: (account) => ({ nickname: 'n', enseigne: account, api_key: SECRET }),
  colissimo: (account) => ({ nickname: 'n', username: account, password: SECRET }),
  australia_post: (account) => ({
    nickname: 'n',
    account_number: account,
    api_key: `key-${account}`,
    api_secret: SECRET,
  }),
  canada_post: (account) => ({
    nickname: 'n',
    account_number: account,
    contract_id: '1',
    api_key: `key-${account}`,
    api_secret: SECRET,
  }),
  fedex: (account) => ({
    nickname: 'n',
    account_number: account,
    address1: '1 Main St',
    city: 'Austin',
    country_code: 'US',
    email: 'ship@example.com',
    first_name: 'Ann',
    last_name: 'Example',
    phone: '5125550100',
    postal_code: '78701',
    state: 'TX',
    agree_to_eula: true,
  }),
}

/** This is a server, with the simulated carriers that it asks. */
export type ServerAndSimulator = {
  simulated: SimulatorClient
  address: string
  server: ServerProcess
  key: string
  simulator: RunningProgram
  /** These are all answers of the server, as text. */
  answers: string[]
}

/** Starts `hawser simulate` and a server whose calls go there, each in a process of its own. */
export async function openServerAndSimulator(t: TestContext): Promise<ServerAndSimulator> {
  const workspace = await openWorkspace('sqlite')
  t.after(workspace.remove)
  const { simulator, told } = await startSimulator(workspace)
  const server = await workspace.serve({
    HAWSER_CARRIER_HOSTS: told.carrier_hosts,
    HAWSER_VERIFICATION: undefined,
    HAWSER_RATE_LIMIT: 'off',
    HAWSER_LOG_LEVEL: 'trace',
    HAWSER_FEDEX_CLIENT_ID: 'operator',
    HAWSER_FEDEX_CLIENT_SECRET: SECRET,
  })
  const key = requireFirstKeys(server.stdout()).production
  return { simulated: simulatorAt(told.address), address: told.address, server, key, simulator, answers: [] }
}

/** Starts the simulator, and answers its process and the addresses that it printed. */
export async function startSimulator(workspace: Workspace) {
  const simulator = workspace.start(['simulate', '--port', '0', '--json'])
  while (!simulator.stdout().endsWith('\n')) {
    assert.equal(simulator.child.exitCode, null, simulator.stderr())
    await pause(10)
  }
  return { simulator, told: JSON.parse(simulator.stdout()) as { address: string; carrier_hosts: string } }
}

let accounts = 100_000_000

/** Connects a new account, and answers what the server says and how long it took. */
export async function connectTimed(
  { server, key, answers }: ServerAndSimulator,
  carrier: string,
  query = '',
) {
  const began = performance.now()
  const path = `/v1/connections/carriers/${carrier}${query}`
  const body = CARRIER_BODIES[carrier]?.(`${(accounts += 1)}`)
  const answer: Answer = await server.request('POST', path, { key, body })
  answers.push(`${JSON.stringify([...answer.headers])}${answer.text}`)
  return { ...answer, ms: performance.now() - began }
}
