import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { FastifyReply } from 'fastify'
import { sendPage } from '../../../src/http/wire/send-list.ts'

const ITEMS = 300
const items = Array.from({ length: ITEMS }, (_, number) => ({ number, text: 'x'.repeat(5_000) }))
const rest = { total: ITEMS, links: {} }

/** Takes some time, as the server does when it opens and renders an event with all of its changes. */
function slowly(item: (typeof items)[number]) {
  const end = performance.now() + 1
  while (performance.now() < end);
  return item
}

/** Counts how often the event loop comes round while `work` runs. */
async function roundsOf(work: () => unknown): Promise<number> {
  let rounds = 0
  let isOver = false
  const count = () => {
    rounds += 1
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  await work()
  isOver = true
  return rounds
}

test('a page of items that take long is rendered in parts, with others in between', async () => {
  let sent = ''
  const reply = {
    request: { actor: { tenantId: 'se-1' } },
    type: () => reply,
    send: (text: string) => {
      sent = text
      return reply
    },
  } as unknown as FastifyReply
  const rounds = await roundsOf(() => sendPage(reply, { name: 'events', items, toObject: slowly, rest }))
  // A part of the page takes 5 ms, and all items together take at least 300 ms.
  assert.ok(rounds >= 20, `${rounds} rounds`)
  assert.deepEqual(JSON.parse(sent), { events: items, ...rest })
  const atOnce = await roundsOf(() => JSON.stringify({ events: items.map(slowly), ...rest }))
  assert.ok(atOnce <= 1, 'the control: rendered at once, nobody comes in between')
})

test('a page without items or further members is JSON', async () => {
  const sent: string[] = []
  const reply = {
    request: { actor: { tenantId: 'se-1' } },
    type: () => reply,
    send: (text: string) => sent.push(text),
  } as unknown as FastifyReply
  await sendPage(reply, { name: 'events', items: [], toObject: slowly, rest: {} })
  await sendPage(reply, { name: 'events', items: [], toObject: slowly, rest: { total: 0 } })
  assert.deepEqual(
    sent.map((text) => JSON.parse(text) as unknown),
    [{ events: [] }, { events: [], total: 0 }],
  )
})

test('every route that answers a page renders it in parts', () => {
  const paged = globSync('src/http/routes/**/*.ts').filter((file) =>
    /\bread(Page|\w+Query)\(/.test(readFileSync(file, 'utf8')),
  )
  assert.ok(paged.length >= 9)
  assert.deepEqual(
    paged.filter((file) => !/\bsend(Page|List)\(/.test(readFileSync(file, 'utf8'))),
    [],
  )
})
