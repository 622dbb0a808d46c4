import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as nextLoop, setTimeout as pause } from 'node:timers/promises'
import { createLock, createTurns } from './turns.ts'

/** Returns turns whose clock goes on only where `work` is called. */
function open({ sliceMs }: { sliceMs?: number } = {}) {
  let now = 1_000
  const turns = createTurns({ clock: () => now, ...(sliceMs === undefined ? {} : { sliceMs }) })
  return { turns, now: () => now, work: (ms: number) => void (now += ms) }
}
type Opened = ReturnType<typeof open>

/** Returns the longest time that one iteration of the event loop took while `running` ran. */
async function longestTurn({ now }: Opened, running: Promise<unknown>): Promise<number> {
  let isOver = false
  void running.then(() => (isOver = true))
  let longest = 0
  let last = now()
  while (!isOver) {
    await nextLoop()
    longest = Math.max(longest, now() - last)
    last = now()
  }
  return longest
}

const PARTS = 3

/** Runs a request of three parts, each of which takes 1 ms, and adds its tenant to `done` when it ends. */
async function request({ turns, work }: Opened, { tenantId, done }: { tenantId: string; done: string[] }) {
  await turns.arrive()
  await turns.begin(tenantId)
  for (let part = 0; part < PARTS; part += 1) {
    await turns.giveWay(tenantId)
    work(1)
  }
  done.push(tenantId)
}

/** Runs `count` requests that are readable in one iteration of the event loop, each in its own callback. */
const burst = (
  opened: Opened,
  count: number,
  { tenantId = 'busy', done = [] }: { tenantId?: string; done?: string[] } = {},
) =>
  Promise.all(
    Array.from({ length: count }, async () => {
      await nextLoop()
      return request(opened, { tenantId, done })
    }),
  )

describe('turns', () => {
  test('a burst lets the event loop come round, and without slices it does not', async () => {
    const fair = open()
    assert.ok((await longestTurn(fair, burst(fair, 100))) <= 2 * 6)
    const control = open({ sliceMs: Infinity })
    assert.equal(await longestTurn(control, burst(control, 100)), 300)
  })

  test('another tenant waits for one turn of each busy tenant, however many of its requests wait', async () => {
    const opened = open()
    const done: string[] = []
    const busy = ['a', 'b', 'c'].map((tenantId) => burst(opened, 30, { tenantId, done }))
    await nextLoop()
    const before = done.length
    await request(opened, { tenantId: 'quiet', done })
    // A request of 3 ms can lose the thread once, and then has to wait once more.
    assert.ok(done.length - before <= 2 * 3 + 6, `${done.length - before} came before it`)
    assert.ok(done.length < 90)
    await Promise.all(busy)
  })

  test('of one tenant who has begun comes to an end before another begins', async () => {
    const { turns, work } = open()
    const begun: number[] = []
    const ended: number[] = []
    await turns.arrive()
    work(6)
    await Promise.all(
      Array.from({ length: 20 }, async (_, number) => {
        await turns.begin('one')
        begun.push(number)
        for (let part = 0; part < 8; part += 1) {
          await turns.giveWay('one')
          work(1)
        }
        assert.ok(begun.length - ended.length <= 2, 'others begin where one is under way')
        ended.push(number)
      }),
    )
    assert.deepEqual(ended, begun)
  })

  test('who holds what others wait for goes on before all of them', async () => {
    const { turns, work } = open()
    const order: string[] = []
    work(1)
    await turns.begin('holder')
    work(10)
    const others = Array.from({ length: 5 }, () => turns.begin('other')).map((turn) =>
      turn?.then(() => void order.push('other')),
    )
    const holder = turns.breathe()?.then(() => void order.push('holder'))
    await Promise.all([holder, ...others])
    assert.deepEqual(order, ['holder', ...Array<string>(5).fill('other')])
  })

  test('a writer that is never idle leaves others every second slice', async () => {
    const { turns, work } = open()
    let isServed = false
    let slices = 0
    const write = async () => {
      while (!isServed) {
        work(6)
        await turns.breathe()
        slices += 1
        assert.ok(slices < 20, 'others starve')
      }
    }
    const read = async () => {
      await nextLoop()
      await turns.arrive()
      work(1)
      await turns.begin('other')
      work(1)
      await turns.giveWay('other')
      isServed = true
    }
    await Promise.all([write(), read()])
    assert.ok(slices <= 6, `${slices}`)
  })

  test('who is alone waits for nobody', () => {
    const { turns } = open()
    assert.equal(turns.arrive(), undefined)
    assert.equal(turns.begin('alone'), undefined)
    assert.equal(turns.giveWay('alone'), undefined)
    assert.equal(turns.breathe(), undefined)
  })

  test('arrivals of nobody knows whom leave tenants their part', async () => {
    const { turns, work } = open()
    const order: string[] = []
    await turns.arrive()
    work(6)
    const strangers = Array.from({ length: 60 }, async () => {
      await turns.arrive()
      work(0.5)
      order.push('stranger')
    })
    const known = Array.from({ length: 5 }, async () => {
      await turns.begin('known')
      work(0.5)
      order.push('known')
    })
    await Promise.all([...strangers, ...known])
    assert.ok(order.lastIndexOf('known') < 40, order.join())
  })

  test('as long as connections come, accepting them comes first, but not for ever', async () => {
    const { turns, work } = open()
    await turns.arrive()
    await nextLoop()
    await turns.arrive()
    work(6)
    let isServed = false
    const served = turns.begin('one')?.then(() => (isServed = true))
    let loops = 0
    while (!isServed) {
      turns.accepted()
      await nextLoop()
      work(1)
      loops += 1
    }
    await served
    assert.ok(loops > 5 && loops < 30, `${loops}`)
  })

  test('the tenant of the work is known where it gives way', async () => {
    const { turns, work } = open()
    const order: string[] = []
    await turns.begin('first')
    work(6)
    const wait = async (tenantId: string) => {
      await turns.as(tenantId, async () => turns.giveWay())
      order.push(tenantId)
    }
    await Promise.all([wait('a'), wait('a'), wait('a'), wait('b')])
    assert.equal(order.indexOf('b'), 1)
  })
})

describe('a lock', () => {
  test('is held by one at a time, and tenants that wait take turns', async () => {
    const alone = createLock()
    const order: string[] = []
    let held = 0
    const hold = (tenantId: string) =>
      alone({ tenantId }, async () => {
        held += 1
        assert.equal(held, 1)
        await nextLoop()
        held -= 1
        order.push(tenantId)
      })
    await Promise.all(['a', 'a', 'a', 'a', 'b', 'b', 'c'].map(hold))
    assert.deepEqual(order, ['a', 'a', 'b', 'c', 'a', 'b', 'a'])
  })

  test('goes to a visit that has had it before one that has not, and only the first wait is one for a turn', async () => {
    const alone = createLock()
    const ended: number[] = []
    let most = 0
    const begun = new Set<number>()
    const visits = Array.from({ length: 6 }, () => ({ waitedMs: 0, hasWritten: false }))
    const waited: number[] = []
    await Promise.all(
      visits.map(async (visit, number) => {
        for (let part = 0; part < 4; part += 1) {
          await alone({ tenantId: 'a', visit }, async () => {
            begun.add(number)
            most = Math.max(most, begun.size - ended.length)
            waited[number] ??= visit.waitedMs
            await pause(2)
          })
          await nextLoop()
        }
        ended.push(number)
      }),
    )
    assert.deepEqual(ended, [0, 1, 2, 3, 4, 5])
    assert.ok(most <= 3, `${most} were half-way at once`)
    assert.deepEqual(
      visits.map(({ waitedMs }) => waitedMs),
      waited,
    )
    assert.ok((waited[5] ?? 0) > (waited[0] ?? 0))
  })

  test('is let go of by who fails', async () => {
    const alone = createLock()
    const failed = alone({ tenantId: 'a' }, () => Promise.reject(new Error('full')))
    const next = alone({ tenantId: 'b' }, async () => 'done')
    await assert.rejects(failed, /full/)
    assert.equal(await next, 'done')
  })
})
