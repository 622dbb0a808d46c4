import { guardFor } from './addresses.ts'
import { judgeDestination, type Obstacle, type Rules } from './destination.ts'
import { LIMITS } from './limits.ts'

/** What the operator lets deliveries do. */
export type ReceiverSettings = Readonly<{
  /** Addresses and ranges beside the public ones that may be reached. */
  allow: readonly string[]
  /** Whether messages may go in clear. */
  deliverInClear?: boolean
}>

/** The rules that receivers are judged by; overrides are for carriers and have no say here. */
export const receiverRules = (
  { allow, deliverInClear = false }: ReceiverSettings,
  ports: readonly number[] = LIMITS.ports,
): Rules => ({ overrides: new Map(), ports, isOpen: guardFor(allow), inClear: deliverInClear })

/** Tells what would keep every delivery to a URL from being made, by the rules that a delivery is judged by. */
export function judgeReceivers(settings: ReceiverSettings): (url: string) => Obstacle | undefined {
  const rules = receiverRules(settings)
  return (url) => {
    const judged = judgeDestination(url, rules)
    return typeof judged === 'string' ? judged : undefined
  }
}
