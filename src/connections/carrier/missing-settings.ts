import { ltlCarriers, parcelCarriers } from '../../catalog/index.ts'
import type { Verification } from '../../catalog/verification.ts'
import type { Context } from '../../context.ts'

/** Names the settings of the operator, as environment variables, that a recipe needs and this server lacks. */
export function missingSettings(
  { config }: Pick<Context, 'config'>,
  { operator }: Pick<Verification, 'operator'>,
): string[] {
  const held = config.operator.reveal()
  return operator.filter((name) => held[name] === undefined).map((name) => `HAWSER_${name.toUpperCase()}`)
}

/** Lists the carriers that this server cannot verify because settings of the operator are missing, and names those settings. */
export function listUnverifiable(ctx: Pick<Context, 'config'>): { title: string; settings: string[] }[] {
  return [...parcelCarriers, ...ltlCarriers].flatMap(({ title, verify }) => {
    const settings = verify ? missingSettings(ctx, verify) : []
    return settings.length > 0 ? [{ title, settings }] : []
  })
}
