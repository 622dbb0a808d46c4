import { acceptFields } from '../../catalog/forms/accept-fields.ts'
import type { Fields } from '../../catalog/define.ts'
import { choice, optional, text } from '../../catalog/fields.ts'
import { nearest } from '../../catalog/nearest.ts'
import type { FieldProblem, Values } from '../../catalog/forms/validate.ts'
import type { Actor, Scope } from '../../context.ts'
import { failFields } from '../../errors.ts'
import type { Environment } from '../../store/schema/tables.ts'
import type { NewKey } from './api-keys.ts'
import { readKeyEnd } from './key-end.ts'
import { parseScopes, scopeNames } from '../scopes.ts'

const LONGEST_DESCRIPTION = 200
const ENVIRONMENTS: readonly Environment[] = ['production', 'sandbox']

/** `endField` is the field in which a request's body gives the end of an API key. */
export const endField = optional(
  text('End: a plain day is meant whole, in UTC', { format: 'day-or-time', examples: ['2027-01-31'] }),
)

/** `keyFields` are the fields of an API key that an account makes; `scopes` are checked separately. */
export const keyFields: Fields = {
  description: optional(text('Description', { maxLength: LONGEST_DESCRIPTION })),
  environment: optional(choice('Environment, which is that of the key that makes it', ENVIRONMENTS)),
  expires_at: endField,
}

/** `GRANTABLE` lists the scopes that an API key may have that is made through the API. */
export const GRANTABLE: readonly Scope[] = scopeNames.filter((scope) => scope !== 'partner')

/** An acting key is the API key of the current request, with its tenant, what it may do in this request, and its end. */
export type ActingKey = {
  tenantId: string
  keyId: string
  environment: Environment
  scopes: Actor['scopes']
  expiresAt: string | null
}

/** Reads the body of a request for an API key that `maker` makes, and that may do no more than `maker`. Refuses all bad fields together. */
export function acceptKey(body: Readonly<Record<string, unknown>>, maker: ActingKey, now: Date): NewKey {
  const { scopes, ...rest } = body
  const accepted = acceptFields(keyFields, rest, ['scopes'])
  const values = Array.isArray(accepted) ? soundOnes(rest, accepted) : accepted.values
  const problems = [
    ...scopeProblems(scopes, maker),
    ...(Array.isArray(accepted) ? accepted : []),
    ...environmentProblems(values, maker),
  ]
  const end = acceptEnd(values, maker, now)
  if ('problem' in end) problems.push(end.problem)
  if (problems.length > 0 || 'problem' in end) return failFields(problems)
  const { description } = values
  return {
    environment: maker.environment,
    scopes: parseScopes((scopes as string[]).join()),
    ...(description === undefined ? {} : { description: description as string }),
    expiresAt: end.at,
  }
}

/** Returns the values of a refused body that no problem names, so that further problems with them are reported in the same answer. */
function soundOnes(values: Readonly<Record<string, unknown>>, problems: readonly FieldProblem[]): Values {
  const isSound = ([name, value]: [string, unknown]) =>
    value !== null && value !== '' && !problems.some(({ field }) => field === name)
  return Object.fromEntries(Object.entries(values).filter(isSound)) as Values
}

/** Returns the end of an API key that `maker` makes, as the body gives it, or a problem where that end is wrong or after the end of `maker`. */
export function acceptEnd(
  { expires_at: asked }: Values,
  maker: Pick<ActingKey, 'expiresAt'>,
  now: Date,
): { at: string | null } | { problem: FieldProblem } {
  if (typeof asked !== 'string') return { at: maker.expiresAt }
  const end = readKeyEnd('expires_at', asked, now)
  if ('message' in end) return { problem: { kind: 'invalid', field: 'expires_at', message: end.message } }
  if (maker.expiresAt === null || end.at <= maker.expiresAt) return end
  const message = `expires_at must not be after the end of the API key that makes it, ${maker.expiresAt}.`
  return { problem: { kind: 'invalid', field: 'expires_at', message } }
}

function scopeProblems(scopes: unknown, maker: ActingKey): FieldProblem[] {
  const refuse = (message: string): FieldProblem[] => [{ kind: 'invalid', field: 'scopes', message }]
  if (scopes === undefined || scopes === null || scopes === '')
    return [{ kind: 'required', field: 'scopes', message: 'scopes is required.' }]
  if (!Array.isArray(scopes) || scopes.length === 0)
    return refuse(`scopes must be a list of some of ${GRANTABLE.join(', ')}.`)
  const names: unknown[] = scopes
  if (names.includes('partner'))
    return refuse('scopes must not have partner: such keys are made at the command line only.')
  const unknown = names.find((name) => !GRANTABLE.includes(name as Scope))
  if (unknown !== undefined) {
    const [meant] = typeof unknown === 'string' ? nearest(unknown, GRANTABLE) : []
    const end = meant === undefined ? '.' : `; did you mean ${meant}?`
    return refuse(`scopes must be a list of some of ${GRANTABLE.join(', ')}${end}`)
  }
  return names.every((name) => maker.scopes.has(name as Scope))
    ? []
    : refuse('scopes must not have what the API key that makes it may not do.')
}

function environmentProblems({ environment }: Values, maker: ActingKey): FieldProblem[] {
  if (environment === undefined || environment === maker.environment) return []
  const message = 'environment must be that of the API key that makes it.'
  return [{ kind: 'invalid', field: 'environment', message }]
}
