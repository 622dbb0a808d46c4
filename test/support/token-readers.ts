import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { House } from './harness.ts'
import type { Round, Seen } from './token-process.ts'

const program = fileURLToPath(new URL('./token-process.ts', import.meta.url))

/** How to start processes that read the access token of one connection of a house, and how to let them read. */
export function readersOf(t: TestContext, house: House, settings: Record<string, string>) {
  const launch = async (more: Record<string, string> = {}): Promise<ChildProcess> => {
    const env = { ...house.env, TENANT: house.tenantId, CARRIER_NAME: 'dhl_ecommerce', ...settings, ...more }
    const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    t.after(() => child.kill('SIGKILL'))
    await once(child, 'message')
    return child
  }
  const read = async (child: ChildProcess, readers: number, at: number): Promise<Seen> => {
    const answered = once(child, 'message')
    child.send({ at, readers } satisfies Round)
    return ((await answered) as [Seen])[0]
  }
  return { launch, read }
}
