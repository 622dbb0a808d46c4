import { isOffered } from '../catalog/credential-fields.ts'
import type { Carrier } from '../catalog/define.ts'
import { findByScac, findCarrier, storedCarrier } from '../catalog/find-carrier.ts'
import { absentCarrier } from './request/absent-carrier.ts'
import type { Actor, Context } from '../context.ts'
import { failFields } from '../errors.ts'
import type { KindCount, Stretch } from '../store/tables/connections/search.ts'
import type { Connection, ConnectionState } from '../store/schema/tables.ts'
import { STATES } from './carrier/proof.ts'
import {
  needsAttention,
  stateIn,
  UNVERIFIED_REASONS,
  waitsIn,
  whyUnverified,
  type UnverifiedReason,
} from './verification/why-unverified.ts'

/** What tells connections apart without a look at any of them. */
export type KindFilter = {
  states?: readonly ConnectionState[]
  status?: Connection['connection_status']
  /** Whether a person has to do something. */
  attention?: boolean
  unverified?: readonly UnverifiedReason[]
  /** A carrier, by name, alias or SCAC. */
  carrier?: string
  scac?: string
}

/** How many connections there are in each state, whatever else is asked for. */
export type StateCounts = Record<ConnectionState, number> & {
  attention: number
  unverified_by_reason: Record<UnverifiedReason, number>
}

type Kind = Pick<KindCount, 'carrier' | 'standing'>

/** Which carriers a question lets through; refuses one that there is not. */
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

/** Whether connections of a kind are asked for, whatever their carrier. */
export function kindTest(
  ctx: Context,
  actor: Pick<Actor, 'environment'>,
  { states, status, attention, unverified }: KindFilter,
): (kind: Kind) => boolean {
  return ({ carrier, standing }) => {
    const reason = whyUnverified(ctx, actor, storedCarrier(carrier), standing)?.reason
    return (
      (states === undefined || states.includes(stateIn(standing))) &&
      (status === undefined || (status === 'pending_approval') === waitsIn(standing)) &&
      (attention === undefined || attention === needsAttention(standing)) &&
      (unverified === undefined || (reason !== undefined && unverified.includes(reason)))
    )
  }
}

/** The stretches in which connections of the wanted kinds lie: one of a whole standing, where every carrier in it is wanted. */
export function stretchesOf(kinds: readonly Kind[], isWanted: (kind: Kind) => boolean): Stretch[] {
  const standings = Map.groupBy(kinds, ({ standing }) => standing)
  return [...standings].flatMap(([standing, all]): Stretch[] => {
    const wanted = all.filter(isWanted)
    if (wanted.length === 0) return []
    return wanted.length === all.length
      ? [{ standing }]
      : wanted.map(({ carrier }) => ({ standing, carrier }))
  })
}

const zeros = <Name extends string>(names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>

/** Adds kinds up by state, and those that are unverified by the reason. */
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
    counts[stateIn(standing)] += connections
    if (needsAttention(standing)) counts.attention += connections
    const why = whyUnverified(ctx, actor, storedCarrier(carrier), standing)
    if (why) counts.unverified_by_reason[why.reason] += connections
  }
  return counts
}
