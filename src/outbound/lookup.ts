import { lookup } from 'node:dns/promises'
import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import type { Guard } from './addresses.ts'
import { Unreachable } from './unreachable.ts'

/** Finds every address of a name. */
export type Resolve = (name: string) => Promise<readonly LookupAddress[]>

/** Every IPv4 and IPv6 address of a name, as the machine's resolver has them, in its order. */
export const resolveAll: Resolve = (name) => lookup(name, { all: true, order: 'verbatim' })

/**
 * A lookup for one connection: it asks the resolver once, refuses the name if a single address of it is closed,
 * and hands out exactly the addresses that were judged.
 */
export function guardedLookup(resolve: Resolve, isOpen: Guard): LookupFunction {
  return (name, options, callback) => {
    const fail = (error: Error) => callback(error, options.all ? [] : '')
    const give = (found: readonly LookupAddress[]) => {
      const wanted = found.filter(({ family }) => !options.family || family === familyOf(options.family))
      const [first] = wanted
      if (!found.every(({ address }) => isOpen(address))) fail(new Unreachable('blocked'))
      else if (!first) fail(new Unreachable('refused'))
      else if (options.all) callback(null, [...wanted])
      else callback(null, first.address, first.family)
    }
    resolve(name).then(give, fail)
  }
}

const familyOf = (family: number | 'IPv4' | 'IPv6') =>
  family === 'IPv4' ? 4 : family === 'IPv6' ? 6 : family
