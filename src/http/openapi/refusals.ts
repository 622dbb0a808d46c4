import { conditions, type ConditionName } from '../../errors.ts'
import type { RouteDescription } from './describe.ts'
import { pathParameters } from './parameters.ts'

const OF_ANY: ConditionName[] = [
  'request_malformed',
  'field_invalid',
  'internal',
  'database_unavailable',
  'too_slow',
]
const OF_A_KEY: ConditionName[] = [
  'key_absent',
  'key_malformed',
  'key_unknown',
  'key_revoked',
  'key_expired',
  'too_many_failures',
  'scope_missing',
  'account_disabled',
  'rate_limited',
]
const OF_A_BODY: ConditionName[] = [
  'body_required',
  'body_malformed',
  'body_not_object',
  'body_too_large',
  'content_type_unsupported',
  'body_encoded',
  'field_required',
  'field_length',
]

/** `OF_ANY_PATH` has the conditions under which a request is refused before any route gets it. */
export const OF_ANY_PATH: ConditionName[] = [
  'route_unknown',
  'method_not_allowed',
  'request_timeout',
  'headers_too_large',
  'expectation_unknown',
]

/** `VERIFIED` has the conditions of the refusals that can follow where a route asks the carrier about credentials. */
export const VERIFIED: ConditionName[] = [
  'credentials_refused',
  'verification_impossible',
  'verification_paused',
]

/** `CHANGED` has the conditions under which a change of a connection is refused because its stored values cannot be used, or because other changes of the connection keep coming first. */
export const CHANGED: ConditionName[] = ['credentials_unreadable', 'too_busy']

/** Returns every condition under which a route refuses, by status. */
export function refusalsOf(url: string, description: RouteDescription): Map<number, ConditionName[]> {
  const { scope, query = [], body, versioned, refuses = [] } = description
  const names = new Set<ConditionName>([
    ...OF_ANY,
    ...(scope ? OF_A_KEY : []),
    ...(scope && scope !== 'partner' ? (['on_behalf_refused'] as const) : []),
    ...pathParameters(url, description).flatMap(([, parameter]) => parameter.refuses),
    ...(query.some(({ repeats }) => repeats) ? (['field_conflict'] as const) : []),
    ...(body ? OF_A_BODY : []),
    ...(versioned ? (['version_mismatch', 'header_malformed'] as const) : []),
    ...refuses,
  ])
  const byStatus = new Map<number, ConditionName[]>()
  for (const name of Object.keys(conditions) as ConditionName[]) {
    if (!names.has(name)) continue
    const { status } = conditions[name]
    byStatus.set(status, [...(byStatus.get(status) ?? []), name])
  }
  return new Map([...byStatus].sort(([a], [b]) => a - b))
}
