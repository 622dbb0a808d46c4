import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import type { TestContext } from 'node:test'
import { createLog } from '../../../src/log.ts'
import { openOutbound, type Outbound, type OutboundOptions } from '../../../src/outbound/http.ts'
import { Unreachable, type UnreachableReason } from '../../../src/outbound/unreachable.ts'

export type TestOutbound = Outbound & { logs: string[] }

/** Opens a client for outbound calls whose retries wait a millisecond, and closes it after the test. */
export function openTestOutbound(t: TestContext, options: Partial<OutboundOptions> = {}): TestOutbound {
  const logs: string[] = []
  const log = createLog('trace', { write: (line) => void logs.push(line) })
  const { limits, ...rest } = options
  const outbound = openOutbound({
    overrides: new Map(),
    allow: [],
    log,
    ...rest,
    limits: { stepMs: 1, ...limits },
  })
  t.after(() => outbound.close())
  return { ...outbound, logs }
}

/** Answers what a resolver finds that knows these addresses under every name. */
export const resolvedTo = (...addresses: string[]): LookupAddress[] =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))

/** Requires that a call ends without a reply for this reason, and that its error tells nothing of it. */
export async function requireUnreachable(
  call: Promise<unknown>,
  reason: UnreachableReason | readonly UnreachableReason[],
  what = '',
): Promise<void> {
  await assert.rejects(
    call,
    (error: unknown) => {
      assert.ok(error instanceof Unreachable, what)
      assert.ok(
        [reason].flat().includes(error.reason),
        `${what}: ${error.reason} instead of ${String(reason)}`,
      )
      assert.equal(error.message, 'The host could not be reached.')
      assert.equal(error.cause, undefined)
      return true
    },
    what,
  )
}
