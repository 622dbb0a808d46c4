import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import { test } from 'node:test'
import { guardFor } from './addresses.ts'
import { guardedLookup, type Resolve } from './lookup.ts'
import { Unreachable } from './unreachable.ts'

const at = (...addresses: string[]): LookupAddress[] =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))

type Looked = string | LookupAddress[]
const look = (resolve: Resolve, options: { all?: boolean; family?: number } = { all: true }) =>
  new Promise<Looked>((done, fail) =>
    guardedLookup(resolve, guardFor([]))('carrier.example', options, (error, found) =>
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

test('exactly the addresses that were judged are handed out, in their order', async () => {
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
