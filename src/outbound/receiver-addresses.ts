import { createGuard } from './addresses.ts'
import { resolveDestination, type Obstacle, type DestinationRules } from './destination.ts'
import { LIMITS } from './limits.ts'

/** Receiver settings say which receivers the operator allows for webhooks. */
export type ReceiverSettings = Readonly<{
  /** `allow` lists addresses and ranges that may be reached besides the public ones. */
  allow: readonly string[]
  /** `deliverInClear` says whether messages may be sent without TLS. */
  deliverInClear?: boolean
}>

/** Returns the rules for the addresses of receivers; they have no overrides, which are for carriers. */
export const receiverRules = (
  { allow, deliverInClear = false }: ReceiverSettings,
  { ports = LIMITS.ports }: { ports?: readonly number[] } = {},
): DestinationRules => ({ overrides: new Map(), ports, isOpen: createGuard(allow), inClear: deliverInClear })

/** Makes a function that returns the obstacle for every delivery to a URL, or `undefined` where deliveries are allowed. */
export function obstacleFinder(settings: ReceiverSettings): (url: string) => Obstacle | undefined {
  const rules = receiverRules(settings)
  return (url) => {
    const resolved = resolveDestination(url, rules)
    return typeof resolved === 'string' ? resolved : undefined
  }
}
