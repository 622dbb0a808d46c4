import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Resolve } from '../../src/outbound/lookup.ts'
import { CARRIER_CALL, QUICK_LIMITS } from '../support/outbound/carrier-server.ts'
import { requireUnreachable, openTestOutbound } from '../support/outbound/test-outbound.ts'
import { openPeer, OK_REPLY, reply } from '../support/outbound/peer.ts'

const never: Resolve = () => new Promise(() => undefined)

test('outbound: receivers whose names nobody answers for keep no carrier waiting', async (t) => {
  const peer = await openPeer(t, reply(OK_REPLY))
  const overrides = new Map([['carrier.test', `http://localhost:${peer.port}`]])
  const asked: string[] = []
  const way = openTestOutbound(t, {
    overrides,
    resolveReceiver: (name) => {
      asked.push(name)
      return never(name)
    },
    limits: QUICK_LIMITS,
  })
  const messages = Array.from({ length: 20 }, (_, i) =>
    way.deliver({ tenantId: 'se-t', url: `https://h${i}.slow.example/`, headers: {}, body: 'x' }),
  )
  const lost = messages.map((message) => requireUnreachable(message, 'timeout'))
  for (let i = 0; i < 20; i += 1)
    assert.equal((await way.ask('test', ['carrier.test'], CARRIER_CALL)).body, 'ok')
  await Promise.all(lost)
  assert.equal(asked.length, 20)
  assert.ok(asked.every((name) => name.endsWith('.slow.example')))
})

test('outbound: a name that has not been looked up in time speaks against no host; one that is not there does', async (t) => {
  const peer = await openPeer(t, reply(OK_REPLY))
  const overrides = new Map([['carrier.test', `http://localhost:${peer.port}`]])
  const limits = { ...QUICK_LIMITS, failures: 2, openMs: 60_000 }
  const silent = openTestOutbound(t, { overrides, resolve: never, limits })
  for (const mostMs of [undefined, undefined, undefined, 60, 60, 60])
    await requireUnreachable(silent.ask('test', ['carrier.test'], CARRIER_CALL, { mostMs }), 'timeout')
  const gone = Object.assign(new Error('x'), { code: 'ENOTFOUND' })
  const nowhere = openTestOutbound(t, {
    overrides,
    resolve: () => Promise.reject(gone),
    limits,
  })
  for (const reason of ['unresolved', 'unresolved', 'breaker_open'] as const)
    await requireUnreachable(nowhere.ask('test', ['carrier.test'], CARRIER_CALL), reason)
})
