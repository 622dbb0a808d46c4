import type { FastifyRequest } from 'fastify'
import type { AccountPage } from '../tenants/partner-accounts.ts'

/** An account as published. */
export function accountObject(account: AccountPage['accounts'][number]) {
  return {
    account_id: account.tenant_id,
    external_account_id: account.external_account_id,
    created_at: account.created_at,
    modified_at: account.modified_at,
    active: account.active === 1,
    email: account.email,
    first_name: account.first_name,
    last_name: account.last_name,
    company_name: account.company_name,
    origin_country_code: account.origin_country_code,
  }
}

/** Links to the pages around one; an absent page is an empty object, as published. */
export function pageLinks(
  request: FastifyRequest,
  { page, pages }: { page: number; pages: number },
  size: number,
) {
  const path = request.routeOptions.url ?? ''
  const link = (to: number) =>
    to >= 1 && to <= Math.max(1, pages)
      ? { href: `${request.protocol}://${request.host}${path}?page=${to}&page_size=${size}` }
      : {}
  return { first: link(1), last: link(Math.max(1, pages)), prev: link(page - 1), next: link(page + 1) }
}
