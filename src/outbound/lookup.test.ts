import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import { test } from 'node:test'
import { createGuard } from './addresses.ts'
import {
  guardedLookup,
  oneAtATime,
  resolveByEither,
  resolverForReceivers,
  shareLookups,
  type Resolve,
} from './lookup.ts'
import { Unreachable } from './unreachable.ts'

const at = (...addresses: string[]): LookupAddress[] =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))

type Looked = string | LookupAddress[]
const look = (resolve: Resolve, options: { all?: boolean; family?: number } = { all: true }) =>
  new Promise<Looked>((done, fail) =>
    guardedLookup(resolve, createGuard([]))('carrier.example', options, (error, found) =>
      error ? fail(error) : done(found),
    ),
  )
const isBlocked = (error: unknown) => error instanceof Unreachable && error.reason === 'blocked'

test('a name with a single closed address is refused whole', async () => {
  for (const found of [
    at('127.0.0.1'),
    at('8.8.8.8', '127.0.0.1'),
    at('127.0.0.1', '8.8.8.8'),
    at('8.8.8.8', '2606:4700::1', '::1'),
    at('8.8.8.8', '::ffff:10.0.0.1'),
    at('8.8.8.8', '169.254.169.254', '1.1.1.1'),
    at('8.8.8.8', 'not an address'),
    at('8.8.8.8', ''),
  ])
    for (const options of [{ all: true }, {}, { family: 4 }, { all: true, family: 4 }])
      await assert.rejects(
        look(async () => found, options),
        isBlocked,
      )
})

test('exactly the addresses that were allowed are handed out, in their order', async () => {
  const found = at('2606:4700::1', '8.8.8.8', '1.1.1.1')
  assert.deepEqual(await look(async () => found), found)
  assert.equal(await look(async () => found, {}), '2606:4700::1')
  assert.equal(await look(async () => found, { family: 4 }), '8.8.8.8')
  assert.deepEqual(await look(async () => found, { all: true, family: 6 }), at('2606:4700::1'))
})

test('a name without addresses is not there, and a failing resolver is told of', async () => {
  await assert.rejects(
    look(async () => []),
    (error) => error instanceof Unreachable && error.reason === 'refused',
  )
  const error = Object.assign(new Error('x'), { code: 'ENOTFOUND' })
  await assert.rejects(
    look(() => Promise.reject(error)),
    error,
  )
})

test('a resolver that changes its mind a thousand times is asked once each time, and never believed twice', async () => {
  let asked = 0
  const flips: Resolve = async () => at((asked += 1) % 2 === 1 ? '8.8.8.8' : '127.0.0.1')
  let given = 0
  for (let i = 0; i < 1_000; i += 1)
    await look(flips).then((found) => {
      given += 1
      assert.deepEqual(found, at('8.8.8.8'))
    }, isBlocked)
  assert.equal(asked, 1_000)
  assert.equal(given, 500)
})

/** Makes a resolver that answers only when `answer` is called, and records the names that it was asked for. */
function slowly() {
  const asked: string[] = []
  const answers: (() => void)[] = []
  const resolve: Resolve = (name) => {
    asked.push(name)
    return new Promise((done) => answers.push(() => done(at('8.8.8.8'))))
  }
  return { resolve, asked, answer: () => answers.shift()?.() }
}
const settle = () => new Promise((done) => setImmediate(done))

test('a name that is being looked up is not looked up a second time beside it', async () => {
  const { resolve, asked, answer } = slowly()
  const shared = shareLookups(resolve)
  const both = [shared('a.example'), shared('a.example'), shared('b.example')]
  assert.deepEqual(asked, ['a.example', 'b.example'])
  answer()
  answer()
  for (const found of await Promise.all(both)) assert.deepEqual(found, at('8.8.8.8'))
  void shared('a.example')
  assert.equal(asked.length, 3, 'an old answer is not kept')
})

test('one lookup at a time: the next waits until the one before has ended, well or not, and few may wait', async () => {
  const { resolve, asked, answer } = slowly()
  const inTurn = oneAtATime(async (name) => {
    await resolve(name)
    if (name === 'b') throw new Error('There is no b.')
    return at('1.1.1.1')
  }, 3)
  const all = Promise.allSettled(['a', 'b', 'c'].map(inTurn))
  await assert.rejects(inTurn('d'), (error) => error instanceof Unreachable && error.reason === 'busy')
  for (const expected of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
    await settle()
    assert.deepEqual(asked, expected)
    answer()
  }
  const ends = (await all).map(({ status }) => status)
  assert.deepEqual(ends, ['fulfilled', 'rejected', 'fulfilled'])
  void inTurn('e')
  await settle()
  assert.deepEqual(asked, ['a', 'b', 'c', 'e'])
})

test('only a name that the first resolver does not know comes to the second', async () => {
  for (const [code, comes] of [
    ['ENOTFOUND', true],
    ['ENODATA', true],
    ['ECONNREFUSED', true],
    ['ETIMEOUT', false],
    ['ESERVFAIL', false],
  ] as const) {
    const error = Object.assign(new Error('x'), { code })
    const either = resolveByEither(
      () => Promise.reject(error),
      async () => at('1.1.1.1'),
    )
    if (comes) assert.deepEqual(await either('a.example'), at('1.1.1.1'))
    else await assert.rejects(either('a.example'), error)
  }
  const known = resolveByEither(
    async () => at('8.8.8.8'),
    () => Promise.reject(new Error('It is not asked.')),
  )
  assert.deepEqual(await known('a.example'), at('8.8.8.8'))
})

test('receivers that only this machine knows are found', async () => {
  const found = await resolverForReceivers()('localhost')
  assert.ok(found.length > 0)
  assert.ok(found.every(({ address }) => address === '127.0.0.1' || address === '::1'))
})
