import type { AccountPage } from '../../tenants/partner-accounts.ts'

/** Returns an account in the published shape. */
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
