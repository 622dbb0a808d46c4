import type { Carrier } from '../catalog/define.ts'
import { ltlCarriers, parcelCarriers } from '../catalog/index.ts'
import type { Verification } from '../catalog/verification.ts'
import type { Actor, Context } from '../context.ts'
import type { Proof } from './findings.ts'

type Values = Readonly<Record<string, unknown>>
type Unasked = Extract<Proof, { asked: false }>

/** The settings of the operator, by the names of the environment, without which nobody can ask this way. */
export function missingSettings(
  { config }: Pick<Context, 'config'>,
  { operator }: Pick<Verification, 'operator'>,
): string[] {
  const held = config.operator.reveal()
  return operator.filter((name) => held[name] === undefined).map((name) => `HAWSER_${name.toUpperCase()}`)
}

/** The carriers that could be asked but for the settings of the operator, which are named. */
export function unverifiable(ctx: Pick<Context, 'config'>): { title: string; settings: string[] }[] {
  return [...parcelCarriers, ...ltlCarriers].flatMap(({ title, verify }) => {
    const settings = verify ? missingSettings(ctx, verify) : []
    return settings.length > 0 ? [{ title, settings }] : []
  })
}

/** The names that a proof needs and these values do not have. */
export const missingValues = ({ needs }: Pick<Verification, 'needs'>, values: Values): string[] =>
  needs.filter((name) => values[name] === undefined || values[name] === '')

/**
 * Why nobody can ask this carrier about these values; `undefined` where somebody can.
 * Without values, of which nobody knows what is among them, it names what may be missing.
 */
export function whyUnasked(
  ctx: Pick<Context, 'config'>,
  { environment }: Pick<Actor, 'environment'>,
  carrier: Carrier,
  values?: Values,
): Unasked | undefined {
  const { verify, title } = carrier
  if (!verify) return unasked('There is no way to ask this carrier about these credentials.')
  const settings = environment === 'sandbox' ? [] : missingSettings(ctx, verify)
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
  const fields = carrier.mode === 'ltl' ? carrier.credentials : carrier.connect
  return needs.filter((name) => !fields[name]?.required)
}
