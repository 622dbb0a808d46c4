import type { Actor, Context } from '../../context.ts'
import type { CarrierLine } from './carrier-line.ts'
import { productionLine } from './production-line.ts'
import { sandboxLine } from './sandbox-line.ts'

/** Returns the carrier line of the actor’s environment; no other code distinguishes the environments when a carrier is to be asked. */
export const chooseLine = (ctx: Context, { environment }: Pick<Actor, 'environment'>): CarrierLine =>
  environment === 'sandbox' ? sandboxLine(ctx) : productionLine(ctx)
