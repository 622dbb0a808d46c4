import type { Carrier } from '../../catalog/define.ts'
import type { Actor, Context } from '../../context.ts'
import type { ConnectionState } from '../../store/schema/tables.ts'
import { chooseLine } from '../carrier/choose-line.ts'

/** Lists the reasons why a connection is unverified; every unverified connection has one of them. */
export const UNVERIFIED_REASONS = [
  'cannot_be_asked',
  'needs_setting',
  'not_asked_yet',
  'waits_for_sign_in',
  'proved_nothing',
] as const
export type UnverifiedReason = (typeof UNVERIFIED_REASONS)[number]

/** Describes why a connection is unverified, with the settings of the operator that are missing for asking the carrier. */
export type Unverified = { reason: UnverifiedReason; settings: string[] }

/** Returns the state in a standing, a text such as `unverified/waiting` that adds a detail to the state. */
export const readState = (standing: string): ConnectionState => standing.split('/')[0] as ConnectionState

/** Returns whether a standing says that the merchant has to sign in at the carrier. */
export const waitsIn = (standing: string): boolean => standing.endsWith('/waiting')

/** Returns whether a standing says that a person has to do something about the connection. */
export const needsAttention = (standing: string): boolean =>
  waitsIn(standing) || ['needs_reauth', 'action_required'].includes(standing)

/** Returns why a connection of this carrier and standing is unverified; `undefined` where it is not unverified. */
export function whyUnverified(
  ctx: Context,
  actor: Pick<Actor, 'environment'>,
  { verify }: Carrier,
  standing: string,
): Unverified | undefined {
  if (readState(standing) !== 'unverified') return undefined
  if (waitsIn(standing)) return { reason: 'waits_for_sign_in', settings: [] }
  if (standing !== 'unverified/unasked') return { reason: 'proved_nothing', settings: [] }
  if (!verify) return { reason: 'cannot_be_asked', settings: [] }
  const settings = chooseLine(ctx, actor).missingSettings(verify)
  return { reason: settings.length > 0 ? 'needs_setting' : 'not_asked_yet', settings }
}
