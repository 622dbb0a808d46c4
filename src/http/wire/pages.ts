import type { FastifyRequest } from 'fastify'
import type { SearchPlace } from '../../connections/search.ts'
import type { Context } from '../../context.ts'
import { originOf } from '../server/target.ts'

/** Returns links to the first, last, previous and next page, which repeat the filters of the request; where there is no such page, the link is an empty object, as published. */
export function pageLinks(
  ctx: Pick<Context, 'config'>,
  request: FastifyRequest,
  { page, pages }: { page: number; pages: number },
  { size, filters = [] }: { size: number; filters?: readonly string[] },
) {
  const origin = originOf(ctx, request)
  const path = request.routeOptions.url ?? ''
  const asked = request.query as Record<string, string | string[] | undefined>
  const kept = filters.flatMap((name) =>
    [asked[name] ?? []].flat().map((value): [string, string] => [name, value]),
  )
  const link = (to: number) => {
    if (to < 1 || to > Math.max(1, pages)) return {}
    const query = new URLSearchParams([...kept, ['page', `${to}`], ['page_size', `${size}`]])
    return { href: `${origin}${path}?${query.toString()}` }
  }
  return { first: link(1), last: link(Math.max(1, pages)), prev: link(page - 1), next: link(page + 1) }
}

/** Returns a cursor: an opaque text that holds the order, the number of the next page, and the place in the order where the page begins. */
export const writeCursor = (sort: string, page: number, { key, carrierId, tenantId }: SearchPlace): string =>
  Buffer.from(JSON.stringify([sort, page, key, carrierId, tenantId])).toString('base64url')

/** Reads a cursor; returns `undefined` for a text that `writeCursor` has not written. */
export function parseCursor(cursor: string): { sort: string; page: number; place: SearchPlace } | undefined {
  try {
    const parts = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown
    if (!Array.isArray(parts) || parts.length !== 5) return undefined
    const [sort, page, key, carrierId, tenantId] = parts as unknown[]
    const texts = [sort, key, carrierId, tenantId]
    if (!texts.every((part) => typeof part === 'string' && !part.includes('\0'))) return undefined
    if (!Number.isSafeInteger(page) || (page as number) < 1) return undefined
    return { sort, page, place: { key, carrierId, tenantId } } as ReturnType<typeof parseCursor>
  } catch {
    return undefined
  }
}
