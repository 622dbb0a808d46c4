import { credentialFields } from '../../catalog/credential-fields.ts'
import type { Carrier } from '../../catalog/define.ts'
import type { Verification } from '../../catalog/verification.ts'
import type { Actor, Context } from '../../context.ts'
import { chooseLine } from './choose-line.ts'
import type { Proof } from './proof.ts'

type Values = Readonly<Record<string, unknown>>
type Unasked = Extract<Proof, { asked: false }>

/** The names that a proof needs and these values do not have. */
export const missingValues = ({ needs }: Pick<Verification, 'needs'>, values: Values): string[] =>
  needs.filter((name) => values[name] === undefined || values[name] === '')

/**
 * Why nobody can ask this carrier about these values; `undefined` where somebody can.
 * Without values, of which nobody knows what is among them, it names what may be missing.
 */
export function whyUnasked(
  ctx: Context,
  actor: Pick<Actor, 'environment'>,
  carrier: Carrier,
  values?: Values,
): Unasked | undefined {
  const { verify, title } = carrier
  if (!verify) return unasked('There is no way to ask this carrier about these credentials.')
  const settings = chooseLine(ctx, actor).missingSettings(verify)
  if (settings.length > 0)
    return lacking(
      `${title} is not asked: ${settings.join(' and ')} ${settings.length > 1 ? 'are' : 'is'} not set on this server.`,
    )
  const missing = values ? missingValues(verify, values) : optionalNeeds(carrier, verify)
  if (missing.length > 0) return lacking(`${title} is not asked without ${missing.join(', ')}.`)
  return undefined
}

const unasked = (because: string): Unasked => ({ asked: false, outcome: 'unasked', because })
const lacking = (because: string): Unasked => ({ ...unasked(because), lacks: true })

function optionalNeeds(carrier: Carrier, { needs }: Verification): string[] {
  const fields = credentialFields(carrier)
  return needs.filter((name) => !fields[name]?.required)
}
