import type { Actor, Context } from '../../context.ts'
import type { CarrierLine } from './carrier-line.ts'
import { productionLine } from './production-line.ts'
import { sandboxLine } from './sandbox-line.ts'

/** Chooses the line to carriers that belongs to the actor’s environment; nobody else tells the environments apart when a carrier is to be asked. */
export const chooseLine = (ctx: Context, { environment }: Pick<Actor, 'environment'>): CarrierLine =>
  environment === 'sandbox' ? sandboxLine(ctx) : productionLine(ctx)
