import { Resolver, lookup } from 'node:dns/promises'
import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import type { AddressGuard } from './addresses.ts'
import { Unreachable } from './unreachable.ts'

/** A resolver finds every address of a host name. */
export type Resolve = (name: string) => Promise<readonly LookupAddress[]>

/** Finds every IPv4 and IPv6 address of a name with the machine's resolver, in the resolver's order. Each lookup occupies a thread until it ends and cannot be cancelled. */
export const resolveByMachine: Resolve = (name) => lookup(name, { all: true, order: 'verbatim' })

const DNS_TRY_MS = 1_000

/** Finds every address of a name in DNS, IPv4 first, without occupying a thread, and gives up after two tries of one second. */
const resolveByDns: Resolve = async (name) => {
  const resolver = new Resolver({ timeout: DNS_TRY_MS, tries: 2 })
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
  const of = (found: PromiseSettledResult<string[]>, family: number) =>
    found.status === 'fulfilled' ? found.value.map((address) => ({ address, family })) : []
  const all = [...of(v4, 4), ...of(v6, 6)]
  // A name may be unknown for one kind of address while the lookup of the other kind failed; that failure is the one to report.
  const failed = [v6, v4].filter((one) => one.status === 'rejected')
  const [failure] = [...failed.filter(({ reason }) => !isUnknown(reason)), ...failed]
  if (all.length === 0 && failure) throw failure.reason
  return all
}

/** Makes a resolver that shares the lookup of a name among all callers that ask for it meanwhile, so that a name without an answer occupies only one thread. */
export function shareLookups(resolve: Resolve): Resolve {
  const underWay = new Map<string, ReturnType<Resolve>>()
  return (name) => {
    const running = underWay.get(name)
    if (running) return running
    const found = resolve(name).finally(() => underWay.delete(name))
    underWay.set(name, found)
    return found
  }
}

/** Makes a resolver that runs one lookup at a time; each lookup begins when the one before has ended, even where the caller of the earlier lookup has given up. Rejects with `busy` where `most` lookups wait. */
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
 * Makes a resolver that asks `first`, and asks `then` where `first` does not know the name or cannot be reached at all.
 * A name for which `first` gets no answer is never given to `then`.
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
 * Makes the resolver for names that tenants choose: it asks DNS without a thread, and looks up names that only the machine knows (its hosts file, its search domains) one at a time.
 * Node has few threads for lookups, and slow names of tenants would otherwise make the lookups of carriers wait.
 */
export const resolverForReceivers = (): Resolve =>
  resolveByEither(resolveByDns, shareLookups(oneAtATime(resolveByMachine, MOST_WAITING)))

/**
 * Makes the lookup for one connection, which asks the resolver once, refuses the name where any of its addresses is closed,
 * and returns exactly the addresses that were checked.
 */
export function guardedLookup(resolve: Resolve, isOpen: AddressGuard): LookupFunction {
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

function familyOf(family: number | 'IPv4' | 'IPv6'): number {
  if (family === 'IPv4') return 4
  if (family === 'IPv6') return 6
  return family
}
