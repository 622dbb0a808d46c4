import { Resolver, lookup } from 'node:dns/promises'
import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import type { Guard } from './addresses.ts'
import { Unreachable } from './unreachable.ts'

/** Finds every address of a name. */
export type Resolve = (name: string) => Promise<readonly LookupAddress[]>

/** Every IPv4 and IPv6 address of a name, as the machine's resolver has them, in its order. Each run holds a thread until it ends, and cannot be called off. */
export const resolveByMachine: Resolve = (name) => lookup(name, { all: true, order: 'verbatim' })

const DNS_TRY_MS = 1_000

/** Every address of a name as DNS has it, IPv4 first; holds no thread, and gives up after two tries. */
const resolveByDns: Resolve = async (name) => {
  const resolver = new Resolver({ timeout: DNS_TRY_MS, tries: 2 })
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
  const of = (found: PromiseSettledResult<string[]>, family: number) =>
    found.status === 'fulfilled' ? found.value.map((address) => ({ address, family })) : []
  const all = [...of(v4, 4), ...of(v6, 6)]
  // A name that has no address of one kind may still fail to tell of the other.
  const failed = [v6, v4].filter((one) => one.status === 'rejected')
  const [failure] = [...failed.filter(({ reason }) => !isUnknown(reason)), ...failed]
  if (all.length === 0 && failure) throw failure.reason
  return all
}

/** Who asks for a name that is being looked up gets what that comes to: a name that nobody answers for holds one thread, however often it is asked for. */
export function sharing(resolve: Resolve): Resolve {
  const underWay = new Map<string, ReturnType<Resolve>>()
  return (name) => {
    const running = underWay.get(name)
    if (running) return running
    const found = resolve(name).finally(() => underWay.delete(name))
    underWay.set(name, found)
    return found
  }
}

/** Runs one lookup after the other: the next begins when the one before has ended, and not when its caller has gone. Who finds `most` waiting is `busy`. */
export function oneAtATime(resolve: Resolve, most: number): Resolve {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return async (name) => {
    if (waiting >= most) throw new Unreachable('busy')
    waiting += 1
    const found = last.then(() => resolve(name))
    last = found.then(
      () => (waiting -= 1),
      () => (waiting -= 1),
    )
    return found
  }
}

const NOT_IN_DNS: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA', 'ECONNREFUSED'])
const isUnknown = (error: unknown) => NOT_IN_DNS.has((error as { code?: unknown } | undefined)?.code)

/**
 * Finds a name by `first`, and by `then` where `first` does not know it or is not there at all.
 * A name that `first` gets no answer for never comes to `then`.
 */
export function resolveByEither(first: Resolve, then: Resolve): Resolve {
  return (name) =>
    first(name).catch((error: unknown) => {
      if (isUnknown(error)) return then(name)
      throw error
    })
}

const MOST_WAITING = 16

/**
 * Finds the names that tenants choose: DNS is asked without a thread; what only the machine knows (its hosts file, its search domains) comes one at a time.
 * Node looks up two names at once, and whoever lets them wait would otherwise keep every carrier waiting.
 */
export const resolverForReceivers = (): Resolve =>
  resolveByEither(resolveByDns, sharing(oneAtATime(resolveByMachine, MOST_WAITING)))

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
