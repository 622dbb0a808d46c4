import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { Context } from '../../context.ts'
import { turns } from '../../turns.ts'

/** Returns the time limit of a route with a long list, which is ten times that of other routes, since the client may read the list slowly. */
export const listLimits = ({ config }: Context) => ({ handlerTimeout: config.limits.handlerSeconds * 10_000 })

/** `PART` is the number of characters in one part of a streamed list; with such small parts the garbage collector frees each part early, and memory does not grow. */
const PART = 16_384

/**
 * Answers with a JSON object that has one long array, which comes in batches; a long list is sent while it is read, so that memory never holds the whole list.
 * An error before the second batch is still answered as an error.
 */
export async function sendList<T>(
  reply: FastifyReply,
  { before, after }: { before: string; after: string },
  batches: AsyncIterator<readonly T[], undefined>,
  toObject: (item: T) => unknown,
): Promise<FastifyReply> {
  const first = await batches.next()
  const second = first.done ? first : await batches.next()
  reply.type('application/json; charset=utf-8')

  async function* all() {
    if (!first.done) yield first.value
    for (let batch: IteratorResult<readonly T[]> = second; !batch.done; batch = await batches.next())
      yield batch.value
  }
  async function* parts() {
    const { tenantId } = reply.request.actor
    let part = before
    let separator = ''
    for await (const batch of all())
      for (const item of batch) {
        part += separator + JSON.stringify(toObject(item))
        separator = ','
        if (part.length < PART) continue
        yield part
        part = ''
        await turns.giveWay(tenantId)
      }
    yield part + after
  }
  return reply.send(second.done ? await joined(parts()) : Readable.from(parts(), { objectMode: false }))
}

/** A `PageAnswer` is one page of a list: the items, their name, the function that makes the object of an item, and the members that stand after the items. */
export type PageAnswer<T> = {
  name: string
  items: readonly T[]
  toObject: (item: T) => unknown
  rest: object
}

/** Answers with a page of a list as a JSON object; its items are rendered in parts, so that other requests can run in between. */
export function sendPage<T>(
  reply: FastifyReply,
  { name, items, toObject, rest }: PageAnswer<T>,
): Promise<FastifyReply> {
  const more = JSON.stringify(rest).slice(1)
  const frame = { before: `{${JSON.stringify(name)}:[`, after: more === '}' ? ']}' : `],${more}` }
  return sendList(reply, frame, whole(items), toObject)
}

async function* whole<T>(items: readonly T[]): AsyncGenerator<readonly T[], undefined> {
  yield items
  return undefined
}

async function joined(parts: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const part of parts) text += part
  return text
}
