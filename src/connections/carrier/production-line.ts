import { hostsFor, type Ask } from '../../catalog/verification.ts'
import type { Context } from '../../context.ts'
import type { CarrierLine } from './carrier-line.ts'
import { limitAttempts } from './limit-attempts.ts'
import { missingSettings } from './operator-settings.ts'

/** Returns the line to the real carriers, over which the operator’s own registrations speak and attempts on a login are limited. */
export function productionLine(ctx: Context): CarrierLine {
  const operator = ctx.config.operator.reveal()
  return {
    missingSettings: (recipe) => missingSettings(ctx, recipe),
    operatorValues: () => operator,
    open({ carrier, recipe, until }) {
      if (recipe.operator.some((name) => operator[name] === undefined)) return undefined
      const hosts = hostsFor(recipe, operator)
      const ask: Ask = (call) => ctx.outbound.ask(carrier.id, hosts, call, until - performance.now())
      return { ask, operator }
    },
    limitAttempts: (actor, attempt, ask) => limitAttempts(ctx, actor, attempt, ask),
    refuseLockedOut: () => undefined,
    decideFinding: (_carrier, _values, found) => found,
    signInLocation: (carriersPage) => carriersPage,
    wishes: [],
    findMistypedWishes: () => [],
    hasOperator: true,
  }
}
