import { hostsFor, type Ask } from '../../catalog/verification.ts'
import type { Context } from '../../context.ts'
import type { CarrierLine } from './carrier-line.ts'
import { limitAttempts } from './limit-attempts.ts'
import { missingSettings } from './missing-settings.ts'

/** Returns the line to the real carriers, which uses the operator’s own registrations and limits the attempts on a login. */
export function productionLine(ctx: Context): CarrierLine {
  const operator = ctx.config.operator.reveal()
  return {
    missingSettings: (recipe) => missingSettings(ctx, recipe),
    operatorValues: () => operator,
    open({ carrier, recipe, until }) {
      if (recipe.operator.some((name) => operator[name] === undefined)) return undefined
      const hosts = hostsFor(recipe, operator)
      const ask: Ask = (call) =>
        ctx.outbound.ask(carrier.id, hosts, call, { mostMs: until - performance.now() })
      return { ask, operator }
    },
    limitAttempts: (actor, attempt, ask) => limitAttempts(ctx, actor, attempt, ask),
    refuseLockedOut: () => undefined,
    decideAnswer: (_carrier, _values, found) => found,
    signInLocation: (carriersPage) => carriersPage,
    wishes: [],
    findMistypedWishes: () => [],
    hasOperator: true,
  }
}
