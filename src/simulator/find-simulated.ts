import type { SimulatedCarrier } from './define.ts'
import { simulatedCarriers } from './index.ts'

const byId = new Map(simulatedCarriers.map((carrier) => [carrier.carrier, carrier]))

/** Finds the simulated carrier with this id of the catalog; returns `undefined` where there is none. */
export function findSimulated(carrierId: string): SimulatedCarrier | undefined {
  return byId.get(carrierId)
}
