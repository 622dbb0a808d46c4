import type { Tenant } from '../store/schema/tables.ts'

/** Returns the normalized form of a name, which is the same for two names that differ only in case and outer white space. */
export const nameKeyOf = (name: string): string => name.trim().toUpperCase().toLowerCase()

/** Finds the tenant with this id or, where there is none, every tenant with exactly this name or else with this name in any case. */
export function matchTenants(tenants: readonly Tenant[], text: string): Tenant[] {
  const identified = tenants.filter(({ tenant_id }) => tenant_id === text)
  if (identified.length > 0) return identified
  const exact = tenants.filter(({ company_name }) => company_name === text)
  return exact.length > 0 ? exact : matchNames(tenants, text)
}

/** Finds the tenants that have this name in any case. */
export function matchNames(tenants: readonly Tenant[], name: string): Tenant[] {
  const key = nameKeyOf(name)
  return tenants.filter(({ company_name }) => nameKeyOf(company_name) === key)
}

/** Groups the tenants whose normalized name another tenant has too; each group holds all tenants with one name. */
export function findDoubles(tenants: readonly Tenant[]): Tenant[][] {
  const byName = Map.groupBy(tenants, ({ company_name }) => nameKeyOf(company_name))
  return [...byName.values()].filter((same) => same.length > 1)
}
