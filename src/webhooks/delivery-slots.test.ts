import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { openDeliverySlots, SLOTS, type DeliveryTarget } from './delivery-slots.ts'

const place = (tenant: string, endpoint: string, given: Partial<DeliveryTarget> = {}): DeliveryTarget => ({
  tenant,
  endpoint: `${tenant} ${endpoint}`,
  host: `${endpoint}.example`,
  isFailing: false,
  ...given,
})

/** Takes every attempt that is left for each of these places, and returns how many each place got. */
const takeAll = (slots: ReturnType<typeof openDeliverySlots>, places: readonly DeliveryTarget[]) =>
  places.map((one) => {
    const left = Math.max(0, slots.left(one))
    for (let taken = 0; taken < left; taken += 1) slots.take(one)
    return left
  })
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)
const endpoints = (tenant: string, count: number, given: Partial<DeliveryTarget> = {}) =>
  Array.from({ length: count }, (_, index) => place(tenant, `${index}`, given))

test('slots: an endpoint gets four slots, and one that fails gets one', () => {
  const slots = openDeliverySlots()
  assert.deepEqual(takeAll(slots, [place('a', '1'), place('a', '2', { isFailing: true })]), [4, 1])
})

test('slots: a tenant holds at most half as many slots as are free, so that the next one finds some', () => {
  const slots = openDeliverySlots()
  assert.equal(sum(takeAll(slots, endpoints('first', 30))), 21)
  assert.equal(sum(takeAll(slots, endpoints('second', 30))), 14)
  assert.deepEqual(
    takeAll(slots, endpoints('first', 30)).filter((left) => left > 0),
    [],
  )
  for (let tenant = 0; tenant < 8; tenant += 1)
    assert.ok(sum(takeAll(slots, endpoints(`${tenant}`, 30))) >= 1, `${tenant}`)
  assert.ok(!slots.isFull())
  assert.equal(SLOTS, 64)
})

test('slots: a tenant has eight slots at one host, and those of another are its own', () => {
  const slots = openDeliverySlots()
  const host = 'shared.example'
  assert.equal(sum(takeAll(slots, endpoints('a', 10, { host }))), 8)
  assert.deepEqual(takeAll(slots, [place('b', '1', { host })]), [4])
})

test('slots: endpoints that fail leave half of everything to their tenant’s others', () => {
  const slots = openDeliverySlots()
  assert.equal(sum(takeAll(slots, endpoints('a', 30, { isFailing: true }))), 10)
  assert.deepEqual(takeAll(slots, [place('a', 'alive')]), [4])
  const host = 'shared.example'
  assert.equal(sum(takeAll(slots, endpoints('b', 30, { isFailing: true, host }))), 4)
  assert.deepEqual(takeAll(slots, [place('b', 'alive', { host })]), [4])
})

test('slots: an endpoint is slow while one waits for it too long, and after it, until it answers quickly', async () => {
  const slots = openDeliverySlots(30)
  const one = place('a', 'slow')
  const [first, second] = [slots.take(one), slots.take(one)]
  assert.equal(slots.left(one), 2)
  await pause(40)
  assert.equal(slots.left(one), -1)
  for (const { answered, leave } of [first, second]) {
    answered()
    leave()
  }
  assert.equal(slots.left(one), 1, 'it gives way although nothing failed')
  const third = slots.take(one)
  third.answered()
  await pause(40)
  third.leave()
  assert.equal(slots.left(one), 4, 'what we do with an answer is not its fault')
})
