import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Resolve } from '../../src/outbound/lookup.ts'
import { call, isUnreachable, openPeer, openWay, OK, QUICK, reply } from '../support/outbound.ts'

const never: Resolve = () => new Promise(() => undefined)

test('outbound: receivers whose names nobody answers for keep no carrier waiting', async (t) => {
  const peer = await openPeer(t, reply(OK))
  const overrides = new Map([['carrier.test', `http://localhost:${peer.port}`]])
  const asked: string[] = []
  const way = openWay(t, {
    overrides,
    resolveReceiver: (name) => {
      asked.push(name)
      return never(name)
    },
    limits: QUICK,
  })
  const messages = Array.from({ length: 20 }, (_, i) =>
    way.deliver({ tenantId: 'se-t', url: `https://h${i}.slow.example/`, headers: {}, body: 'x' }),
  )
  const lost = messages.map((message) => isUnreachable(message, 'timeout'))
  for (let i = 0; i < 20; i += 1) assert.equal((await way.ask('test', ['carrier.test'], call)).body, 'ok')
  await Promise.all(lost)
  assert.equal(asked.length, 20)
  assert.ok(asked.every((name) => name.endsWith('.slow.example')))
})

test('outbound: a name that has not been looked up in time speaks against no host; one that is not there does', async (t) => {
  const peer = await openPeer(t, reply(OK))
  const overrides = new Map([['carrier.test', `http://localhost:${peer.port}`]])
  const limits = { ...QUICK, failures: 2, openMs: 60_000 }
  const silent = openWay(t, { overrides, resolve: never, limits })
  for (const mostMs of [undefined, undefined, undefined, 60, 60, 60])
    await isUnreachable(silent.ask('test', ['carrier.test'], call, mostMs), 'timeout')
  const gone = Object.assign(new Error('x'), { code: 'ENOTFOUND' })
  const nowhere = openWay(t, {
    overrides,
    resolve: () => Promise.reject(gone),
    limits,
  })
  for (const reason of ['unresolved', 'unresolved', 'breaker_open'] as const)
    await isUnreachable(nowhere.ask('test', ['carrier.test'], call), reason)
})
