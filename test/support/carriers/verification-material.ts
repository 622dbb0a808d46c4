import type { Carrier } from '../../../src/catalog/define.ts'
import type { Material } from '../../../src/catalog/verification.ts'

/** Makes up everything that a verification of this carrier needs to build its call. */
export function verificationMaterial(carrier: Carrier): Material {
  const names = carrier.verify?.needs ?? []
  return {
    values: Object.fromEntries(names.map((name) => [name, `made-up-${name}`])),
    operator: Object.fromEntries((carrier.verify?.operator ?? []).map((name) => [name, `operator-${name}`])),
    at: new Date('2026-06-01T10:00:00Z'),
    requestId: '0f0e0d0c-0b0a-4908-8706-050403020100',
  }
}
