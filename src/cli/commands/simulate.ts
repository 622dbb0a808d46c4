import { StartRefused } from '../../errors.ts'
import { stopSignal } from '../../run.ts'
import { openSimulator, type SimulatorServer } from '../../simulator/server.ts'
import type { CommandCall } from '../command.ts'

const USUAL_PORT = '4020'

/** Answers as the simulated carriers on loopback until SIGTERM or SIGINT, and prints the setting that sends Hawser's calls to the simulator. */
export async function simulate({
  values,
  print,
}: CommandCall<{ port?: string; json?: boolean }>): Promise<number> {
  const stopped = stopSignal()
  const simulator = await open(values.port ?? USUAL_PORT)
  const { address, carrierHosts } = simulator
  if (values.json) print(JSON.stringify({ address, carrier_hosts: carrierHosts }))
  else
    print(
      `Simulated carriers answer on ${address}. Start Hawser with:\n\nHAWSER_CARRIER_HOSTS=${carrierHosts}\n`,
    )
  await stopped
  await simulator.close()
  return 0
}

async function open(text: string): Promise<SimulatorServer> {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN
  if (!(port <= 65_535)) throw new StartRefused('--port must be a number from 0 to 65535.')
  try {
    return await openSimulator({ port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new StartRefused(`The simulator cannot listen on port ${port} (${code}).`, { cause: error })
  }
}
