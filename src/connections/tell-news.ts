import type { Actor, Context } from '../context.ts'
import type { Tx } from '../store/db.ts'
import type { Connection } from '../store/schema.ts'
import { announce } from '../webhooks/announce.ts'
import type { News } from './findings.ts'

/** Tells webhooks of a change of state, in the transaction that writes it: whoever writes a state calls this with what came of it. */
export async function tellNews(
  ctx: Context,
  tx: Tx,
  actor: Actor,
  { carrier_id: carrierId, state }: Pick<Connection, 'carrier_id' | 'state'>,
  news: News | undefined,
): Promise<void> {
  if (!news) return
  const details = { state, previous_state: news.before }
  await announce(ctx, tx, actor, { type: news.type, carrierId, details })
}
