import type { FastifyRequest } from 'fastify'
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
