import type { Tenant } from '../store/schema/tables.ts'

/** A name as it is compared: two tenants have the same one where only case and outer white space differ. */
export const nameKeyOf = (name: string): string => name.trim().toUpperCase().toLowerCase()

/** The tenant with this id or, where none has it, every tenant of this name, whatever its case. */
export function matchTenants(tenants: readonly Tenant[], text: string): Tenant[] {
  const identified = tenants.filter(({ tenant_id }) => tenant_id === text)
  if (identified.length > 0) return identified
  const exact = tenants.filter(({ company_name }) => company_name === text)
  return exact.length > 0 ? exact : matchNames(tenants, text)
}

/** The tenants that have this name, whatever its case. */
export function matchNames(tenants: readonly Tenant[], name: string): Tenant[] {
  const key = nameKeyOf(name)
  return tenants.filter(({ company_name }) => nameKeyOf(company_name) === key)
}

/** Tenants that have one name, of each such name all of them. */
export function findDoubles(tenants: readonly Tenant[]): Tenant[][] {
  const byName = Map.groupBy(tenants, ({ company_name }) => nameKeyOf(company_name))
  return [...byName.values()].filter((same) => same.length > 1)
}
