import type { Carrier } from '../../catalog/define.ts'
import type { Actor, Context } from '../../context.ts'
import type { ConnectionState } from '../../store/schema/tables.ts'
import { chooseLine } from '../carrier/choose-line.ts'

/** Why a connection is unverified: one of these holds for each of them. */
export const UNVERIFIED_REASONS = [
  'cannot_be_asked',
  'needs_setting',
  'not_asked_yet',
  'waits_for_sign_in',
  'proved_nothing',
] as const
export type UnverifiedReason = (typeof UNVERIFIED_REASONS)[number]

/** Why a connection is unverified, with the settings of the operator that are missing for it. */
export type Unverified = { reason: UnverifiedReason; settings: string[] }

/** The state that a standing is of. */
export const stateIn = (standing: string): ConnectionState => standing.split('/')[0] as ConnectionState

/** Whether the merchant has to sign in at the carrier. */
export const waitsIn = (standing: string): boolean => standing.endsWith('/waiting')

/** Whether a person has to do something about this connection. */
export const needsAttention = (standing: string): boolean =>
  waitsIn(standing) || ['needs_reauth', 'action_required'].includes(standing)

/** Why a connection of this carrier and standing is unverified; `undefined` where it is not. */
export function whyUnverified(
  ctx: Context,
  actor: Pick<Actor, 'environment'>,
  { verify }: Carrier,
  standing: string,
): Unverified | undefined {
  if (stateIn(standing) !== 'unverified') return undefined
  if (waitsIn(standing)) return { reason: 'waits_for_sign_in', settings: [] }
  if (standing !== 'unverified/unasked') return { reason: 'proved_nothing', settings: [] }
  if (!verify) return { reason: 'cannot_be_asked', settings: [] }
  const settings = chooseLine(ctx, actor).missingSettings(verify)
  return { reason: settings.length > 0 ? 'needs_setting' : 'not_asked_yet', settings }
}
