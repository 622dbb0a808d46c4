import { isOffered } from '../catalog/credential-fields.ts'
import type { Carrier } from '../catalog/define.ts'
import { findByScac, findCarrier, storedCarrier } from '../catalog/find-carrier.ts'
import { absentCarrier } from './request/absent-carrier.ts'
import type { Actor, Context } from '../context.ts'
import { failFields } from '../errors.ts'
import type { KindCount, ListingGroup } from '../store/tables/connections/search.ts'
import type { Connection, ConnectionState } from '../store/schema/tables.ts'
import { STATES } from './carrier/verification-result.ts'
import {
  needsAttention,
  readState,
  UNVERIFIED_REASONS,
  waitsIn,
  whyUnverified,
  type UnverifiedReason,
} from './verification/why-unverified.ts'

/** A kind filter selects connections by their kind, which is a carrier and a standing (the state with a detail, such as `unverified/waiting`). Hawser counts connections by kind, so that a search needs to read no single connection for this filter. */
export type KindFilter = {
  states?: readonly ConnectionState[]
  status?: Connection['connection_status']
  /** `attention` selects the connections about which a person has to do something, or the others. */
  attention?: boolean
  unverified?: readonly UnverifiedReason[]
  /** `carrier` is the name, an alias or a SCAC of a carrier. */
  carrier?: string
  scac?: string
}

/** Says how many connections are in each state. Only the carriers that the search asks for are counted; the other conditions of the search do not matter. */
export type StateCounts = Record<ConnectionState, number> & {
  attention: number
  unverified_by_reason: Record<UnverifiedReason, number>
}

type Kind = Pick<KindCount, 'carrier' | 'standing'>

/** Returns a test for the carriers that a search asks for; refuses (400) a carrier that does not exist. */
export function carrierTest(
  { environment }: Pick<Actor, 'environment'>,
  { carrier: named, scac }: Pick<KindFilter, 'carrier' | 'scac'>,
): (kind: Pick<Kind, 'carrier'>) => boolean {
  const isHere = (carrier: Carrier | undefined) => carrier && isOffered(carrier, environment)
  const byName = named === undefined ? undefined : (findCarrier(named) ?? findByScac(named))
  const byScac = scac === undefined ? undefined : findByScac(scac)
  const isAbsent = {
    carrier: named !== undefined && !isHere(byName),
    scac: scac !== undefined && !isHere(byScac),
  }
  const problems = [
    ...(isAbsent.carrier ? [absentCarrier('carrier', named ?? '')] : []),
    ...(isAbsent.scac ? [absentCarrier('scac', scac ?? '')] : []),
  ]
  if (problems.length > 0) failFields(problems)
  return ({ carrier }) => (byName?.id ?? carrier) === carrier && (byScac?.id ?? carrier) === carrier
}

/** Returns a test for the kinds of connections that a search asks for, whatever their carrier. */
export function kindTest(
  ctx: Context,
  actor: Pick<Actor, 'environment'>,
  { states, status, attention, unverified }: KindFilter,
): (kind: Kind) => boolean {
  return ({ carrier, standing }) => {
    const reason = whyUnverified(ctx, actor, storedCarrier(carrier), standing)?.reason
    return (
      (states === undefined || states.includes(readState(standing))) &&
      (status === undefined || (status === 'pending_approval') === waitsIn(standing)) &&
      (attention === undefined || attention === needsAttention(standing)) &&
      (unverified === undefined || (reason !== undefined && unverified.includes(reason)))
    )
  }
}

/** Returns the groups of listings to read for the wanted kinds. A standing is one group where all of its carriers are wanted; otherwise each wanted carrier of the standing is a group of its own. */
export function listingGroups(kinds: readonly Kind[], isWanted: (kind: Kind) => boolean): ListingGroup[] {
  const standings = Map.groupBy(kinds, ({ standing }) => standing)
  return [...standings].flatMap(([standing, all]): ListingGroup[] => {
    const wanted = all.filter(isWanted)
    if (wanted.length === 0) return []
    return wanted.length === all.length
      ? [{ standing }]
      : wanted.map(({ carrier }) => ({ standing, carrier }))
  })
}

const zeros = <Name extends string>(names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>

/** Counts connections by state, and the unverified ones also by their reason. */
export function countStates(
  ctx: Context,
  actor: Pick<Actor, 'environment'>,
  kinds: readonly KindCount[],
): StateCounts {
  const counts = {
    ...zeros(STATES),
    attention: 0,
    unverified_by_reason: zeros(UNVERIFIED_REASONS),
  }
  for (const { carrier, standing, connections } of kinds) {
    counts[readState(standing)] += connections
    if (needsAttention(standing)) counts.attention += connections
    const why = whyUnverified(ctx, actor, storedCarrier(carrier), standing)
    if (why) counts.unverified_by_reason[why.reason] += connections
  }
  return counts
}
