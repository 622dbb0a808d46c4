import type { SimulatedCarrier } from './define.ts'
import { simulatedCarriers } from './index.ts'

const byId = new Map(simulatedCarriers.map((carrier) => [carrier.carrier, carrier]))

/** Finds the simulated carrier of a catalog entry; `undefined` where there is none. */
export function findSimulated(carrierId: string): SimulatedCarrier | undefined {
  return byId.get(carrierId)
}
