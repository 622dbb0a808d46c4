import { join } from 'node:path'
import { simulatorAt, type SimulatorClient } from '../../test/support/carriers/simulator-client.ts'
import { requireFirstKeys } from '../../test/support/processes/first-keys.ts'
import { startSimulator } from '../../test/support/processes/server-and-simulator.ts'
import { openWorkspace } from '../../test/support/processes/workspace.ts'
import { openClient, type WireClient } from './client.ts'

/** This is the started program of a checkout, with simulated carriers and a client whose requests are recorded. */
export type Recorded = { client: WireClient; simulator: SimulatorClient; close: () => Promise<void> }

const OPERATOR = {
  HAWSER_UPS_CLIENT_ID: 'operator-client-id',
  HAWSER_UPS_CLIENT_SECRET: 'operator-client-secret',
  HAWSER_UPS_SIGN_IN: 'true',
  HAWSER_PUBLIC_URL: 'https://hawser.example',
  HAWSER_STAMPS_COM_INTEGRATION_ID: 'operator-integration-id',
}

/** Starts the program of a checkout on an empty SQLite database, with the keys of two tenants. */
export async function openProgram(checkout: string): Promise<Recorded> {
  const workspace = await openWorkspace('sqlite', join(checkout, 'bin', 'hawser.js'))
  try {
    const { told } = await startSimulator(workspace)
    const server = await workspace.serve({
      ...OPERATOR,
      HAWSER_CARRIER_HOSTS: told.carrier_hosts,
      HAWSER_VERIFICATION: undefined,
      HAWSER_RATE_LIMIT: 'off',
      HAWSER_FAILURE_LIMIT: 'off',
      HAWSER_OUTBOUND_ALLOW: '127.0.0.1',
      HAWSER_WEBHOOK_HTTP: 'true',
    })
    const first = requireFirstKeys(server.stdout())
    const run = async (...words: string[]) => {
      const { code, stdout, stderr } = await workspace.run([...words, '--json'])
      if (code !== 0) throw new Error(`hawser ${words.join(' ')}: ${stderr}`)
      return JSON.parse(stdout) as { key: string; id: string }
    }
    const { id } = await run('tenants', 'create', '--name', 'Another')
    const keyOf = async (tenant: string, scopes: string) =>
      (await run('keys', 'create', '--tenant', tenant, '--environment', 'sandbox', '--scopes', scopes)).key
    const client = openClient(server.address, {
      ...first,
      reader: await keyOf('default', 'read'),
      otherTenant: await keyOf(id, 'admin'),
      partner: await keyOf('default', 'partner'),
    })
    const close = async () => {
      client.close()
      await workspace.remove()
    }
    return { client, simulator: simulatorAt(told.address), close }
  } catch (error) {
    await workspace.remove()
    throw error
  }
}
