import { credentialFields } from '../../catalog/credential-fields.ts'
import type { Carrier } from '../../catalog/define.ts'
import type { Verification } from '../../catalog/verification.ts'
import type { Actor, Context } from '../../context.ts'
import { chooseLine } from './choose-line.ts'
import type { VerificationResult } from './verification-result.ts'

type Values = Readonly<Record<string, unknown>>
type NotAsked = Extract<VerificationResult, { asked: false }>

/** Returns the names of the values that a recipe needs and that `values` lacks. */
export const missingValues = ({ needs }: Pick<Verification, 'needs'>, values: Values): string[] =>
  needs.filter((name) => values[name] === undefined || values[name] === '')

/**
 * Returns why nobody can ask this carrier about these values; `undefined` where somebody can.
 * Where `values` is absent, the reason names every optional value that a recipe needs, since any of them may be missing.
 */
export function whyNotAsked(
  ctx: Context,
  actor: Pick<Actor, 'environment'>,
  { carrier, values }: { carrier: Carrier; values?: Values | undefined },
): NotAsked | undefined {
  const { verify, title } = carrier
  if (!verify) return notAsked('There is no way to ask this carrier about these credentials.')
  const settings = chooseLine(ctx, actor).missingSettings(verify)
  if (settings.length > 0)
    return lacking(
      `${title} is not asked: ${settings.join(' and ')} ${settings.length > 1 ? 'are' : 'is'} not set on this server.`,
    )
  const missing = values ? missingValues(verify, values) : optionalNeeds(carrier, verify)
  if (missing.length > 0) return lacking(`${title} is not asked without ${missing.join(', ')}.`)
  return undefined
}

const notAsked = (because: string): NotAsked => ({ asked: false, outcome: 'unasked', because })
const lacking = (because: string): NotAsked => ({ ...notAsked(because), lacks: true })

function optionalNeeds(carrier: Carrier, { needs }: Verification): string[] {
  const fields = credentialFields(carrier)
  return needs.filter((name) => !fields[name]?.required)
}
