import type { Option, Package, Service } from './define.ts'

/** Builds a service as public answers show it; a feature that public answers do not name counts as not supported. */
export const service = (
  service_code: string,
  name: string,
  reach: 'domestic' | 'international' | 'both',
  ...supports: readonly ('multiPackage' | 'returns')[]
): Service => ({
  service_code,
  name,
  domestic: reach !== 'international',
  international: reach !== 'domestic',
  is_multi_package_supported: supports.includes('multiPackage'),
  is_return_supported: supports.includes('returns'),
})

/** Builds a package type of a carrier. */
export const parcel = (package_code: string, name: string, description = ''): Package => ({
  package_code,
  name,
  description,
})

/** Builds an advanced option of a carrier. */
export const option = (name: string, default_value: string | null = null, description = ''): Option => ({
  name,
  default_value,
  description,
})
