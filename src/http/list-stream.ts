import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'

/**
 * Answers a JSON object whose one long array comes in batches; a long list leaves as it is read, so that it is never held whole.
 * What fails before the second batch is still answered as an error.
 */
export async function sendList<T>(
  reply: FastifyReply,
  { before, after }: { before: string; after: string },
  batches: AsyncIterator<readonly T[], undefined>,
  toObject: (item: T) => unknown,
): Promise<FastifyReply> {
  const toText = (items: readonly T[]) => items.map((item) => JSON.stringify(toObject(item))).join(',')
  const first = await batches.next()
  const start = before + (first.done ? '' : toText(first.value))
  const second = first.done ? first : await batches.next()
  reply.type('application/json; charset=utf-8')
  if (second.done) return reply.send(start + after)

  async function* chunks() {
    yield start
    for (let batch: IteratorResult<readonly T[]> = second; !batch.done; batch = await batches.next())
      if (batch.value.length > 0) yield `,${toText(batch.value)}`
    yield after
  }
  return reply.send(Readable.from(chunks(), { objectMode: false }))
}
