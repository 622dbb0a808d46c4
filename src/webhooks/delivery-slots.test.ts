import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { openRoom, SLOTS, type Place } from './delivery-slots.ts'

const place = (tenant: string, endpoint: string, given: Partial<Place> = {}): Place => ({
  tenant,
  endpoint: `${tenant} ${endpoint}`,
  host: `${endpoint}.example`,
  isFailing: false,
  ...given,
})

/** Takes all that is left for every one of these places; answers how many each got. */
const takeAll = (room: ReturnType<typeof openRoom>, places: readonly Place[]) =>
  places.map((one) => {
    const left = Math.max(0, room.left(one))
    for (let taken = 0; taken < left; taken += 1) room.take(one)
    return left
  })
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)
const endpoints = (tenant: string, count: number, given: Partial<Place> = {}) =>
  Array.from({ length: count }, (_, index) => place(tenant, `${index}`, given))

test('room: an endpoint gets four slots, and one that fails gets one', () => {
  const room = openRoom()
  assert.deepEqual(takeAll(room, [place('a', '1'), place('a', '2', { isFailing: true })]), [4, 1])
})

test('room: a tenant holds at most half as many slots as are free, so that the next one finds some', () => {
  const room = openRoom()
  assert.equal(sum(takeAll(room, endpoints('first', 30))), 21)
  assert.equal(sum(takeAll(room, endpoints('second', 30))), 14)
  assert.deepEqual(
    takeAll(room, endpoints('first', 30)).filter((left) => left > 0),
    [],
  )
  for (let tenant = 0; tenant < 8; tenant += 1)
    assert.ok(sum(takeAll(room, endpoints(`${tenant}`, 30))) >= 1, `${tenant}`)
  assert.ok(!room.isFull())
  assert.equal(SLOTS, 64)
})

test('room: a tenant has eight slots at one host, and those of another are its own', () => {
  const room = openRoom()
  const host = 'shared.example'
  assert.equal(sum(takeAll(room, endpoints('a', 10, { host }))), 8)
  assert.deepEqual(takeAll(room, [place('b', '1', { host })]), [4])
})

test('room: endpoints that fail leave half of everything to their tenant’s others', () => {
  const room = openRoom()
  assert.equal(sum(takeAll(room, endpoints('a', 30, { isFailing: true }))), 10)
  assert.deepEqual(takeAll(room, [place('a', 'alive')]), [4])
  const host = 'shared.example'
  assert.equal(sum(takeAll(room, endpoints('b', 30, { isFailing: true, host }))), 4)
  assert.deepEqual(takeAll(room, [place('b', 'alive', { host })]), [4])
})

test('room: an endpoint is slow while one waits for it too long, and after it, until it answers quickly', async () => {
  const room = openRoom(30)
  const one = place('a', 'slow')
  const [first, second] = [room.take(one), room.take(one)]
  assert.equal(room.left(one), 2)
  await pause(40)
  assert.equal(room.left(one), -1)
  for (const { answered, leave } of [first, second]) {
    answered()
    leave()
  }
  assert.equal(room.left(one), 1, 'it gives way although nothing failed')
  const third = room.take(one)
  third.answered()
  await pause(40)
  third.leave()
  assert.equal(room.left(one), 4, 'what we do with an answer is not its fault')
})
