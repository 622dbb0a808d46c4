import type { Carrier } from '../../../src/catalog/define.ts'
import { ltlCarriers, parcelCarriers } from '../../../src/catalog/index.ts'
import type { Call, Reply } from '../../../src/catalog/verification.ts'
import { noWayOut } from '../../../src/context.ts'
import type { Outbound } from '../../../src/outbound/http.ts'
import type { SimulatedAccount, CarrierScript } from '../../../src/simulator/define.ts'
import { findSimulated } from '../../../src/simulator/find-simulated.ts'
import { verificationMaterial } from './verification-material.ts'

/** This is every carrier of the catalog that can be asked about credentials. */
export const verifiableCarriers: readonly Carrier[] = [...parcelCarriers, ...ltlCarriers].filter(
  ({ verify }) => verify,
)

/** These settings hold a made-up value of the operator for every carrier that asks for one. */
export const operatorEnv: Record<string, string> = Object.fromEntries(
  verifiableCarriers.flatMap((carrier) =>
    Object.entries(verificationMaterial(carrier).operator).map(([name, value]) => [
      `HAWSER_${name.toUpperCase()}`,
      value,
    ]),
  ),
)

/** The simulated carriers know the accounts that a test gives them, and remember what they were asked. */
export type SimulatedCarriers = {
  outbound: Outbound
  asked: { carrier: string; call: Call }[]
  /** Makes the carrier know this account, and no other, from here on. */
  know: (carrier: string, values: Record<string, unknown>) => void
  /** Makes the carrier answer so from here on; `undefined` lets it answer as it usually does. */
  answer: (carrier: string, script: CarrierScript['reply'] | undefined) => void
  /** This is called while a carrier is asked. */
  meanwhile: (() => Promise<void>) | undefined
}

/** Opens simulated carriers, which answer as their documentation says, in place of the calls to real ones. */
export function openSimulatedCarriers(): SimulatedCarriers {
  const known = new Map<string, SimulatedAccount>()
  const scripts = new Map<string, CarrierScript['reply']>()
  const world: SimulatedCarriers = {
    asked: [],
    meanwhile: undefined,
    know: (carrier, values) => {
      const entry = verifiableCarriers.find(({ id }) => id === carrier)
      if (entry) known.set(carrier, { values, operator: verificationMaterial(entry).operator })
    },
    answer: (carrier, script) => void (script ? scripts.set(carrier, script) : scripts.delete(carrier)),
    outbound: {
      ...noWayOut,
      ask: async (carrier, hosts, call): Promise<Reply> => {
        world.asked.push({ carrier, call })
        if (!hosts.includes(new URL(call.url).hostname)) throw new Error('That host is not the carrier’s.')
        await world.meanwhile?.()
        const account = known.get(carrier)
        const simulated = findSimulated(carrier)
        if (!simulated || !account) throw new Error('Nobody answers.')
        return scripts.get(carrier)?.(call) ?? simulated.answer(call, [account])
      },
    },
  }
  return world
}
