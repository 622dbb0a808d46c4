import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { TestServer } from '../server/test-server.ts'
import type { ReadOrder, ReadResult } from './token-reader-process.ts'

const program = fileURLToPath(new URL('./token-reader-process.ts', import.meta.url))

/** Answers functions that start processes and let them read the access token of one connection of a server. */
export function openTokenReaders(t: TestContext, server: TestServer, settings: Record<string, string>) {
  const launch = async (more: Record<string, string> = {}): Promise<ChildProcess> => {
    const env = {
      ...server.env,
      TENANT: server.tenantId,
      CARRIER_NAME: 'dhl_ecommerce',
      ...settings,
      ...more,
    }
    const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    t.after(() => child.kill('SIGKILL'))
    await once(child, 'message')
    return child
  }
  const read = async (child: ChildProcess, readers: number, at: number): Promise<ReadResult> => {
    const answered = once(child, 'message')
    child.send({ at, readers } satisfies ReadOrder)
    return ((await answered) as [ReadResult])[0]
  }
  return { launch, read }
}
