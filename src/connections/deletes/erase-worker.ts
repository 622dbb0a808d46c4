import { setImmediate as breathe } from 'node:timers/promises'
import { recordEvent } from '../../audit/record-event.ts'
import { systemActor, type Context } from '../../context.ts'
import type { Tx } from '../../store/db.ts'
import { listErasures, type Erasure } from '../../store/tables/connections/due-erasures.ts'
import { dropPrevious, findPrevious } from '../../store/tables/connections/previous-credentials.ts'
import { findDeleted } from '../../store/tables/connections/deleted.ts'
import { createPollingLoop, shuffle, waitFor } from '../../polling-loop.ts'
import { eraseConnection } from './erase-connection.ts'

const LOOK_MS = 60_000
/** At most this many rows of each kind are listed at a time. */
const LISTED = 50

export type Erasures = {
  /** Erases everything whose time has come; returns how much this process erased. */
  tick(): Promise<number>
  /** Starts to erase by itself, about once a minute. */
  start(): void
  /** Begins nothing any more, and waits at most `patienceMs` milliseconds for what is running. */
  stop(patienceMs: number): Promise<void>
}

/** Returns a worker that erases the deleted connections and previous credentials whose time has come; several may work on one database, and a restore that comes first wins. */
export function createErasures(
  ctx: Context,
  { random = Math.random }: { random?: () => number } = {},
): Erasures {
  const { store, log } = ctx
  const erase = async (due: Erasure): Promise<number> => {
    try {
      return (await store.transaction(due.key.tenantId, (tx) => eraseDue(ctx, tx, due))) ? 1 : 0
    } catch (error) {
      log.warn({ err: error, carrier_id: due.key.carrierId }, 'what has come to its end could not be erased')
      return 0
    } finally {
      // A transaction on SQLite never waits: without this pause, many of them in a row would hold up everybody else.
      await breathe()
    }
  }

  const tick = async (): Promise<number> => {
    let erased = 0
    while (!loop.isStopped()) {
      const at = ctx.clock().toISOString()
      const due = await store.cross({ path: 'erase' }, (db) => listErasures(db, at, LISTED))
      let now = 0
      for (const one of shuffle(due, random)) if (!loop.isStopped()) now += await erase(one)
      if (now === 0) break
      erased += now
    }
    return erased
  }

  const loop = createPollingLoop(tick, {
    // The wait is random, so that processes that started together drift apart.
    waitMs: () => LOOK_MS * (0.5 + random()),
    onFailure: (error) => log.warn({ err: error }, 'what has come to its end could not be looked for'),
  })

  return {
    tick,
    start: () => loop.start(),
    stop: (ms) => waitFor([loop.stop()], ms),
  }
}

/** Erases what is listed, after reading it again: the connection may have been restored, replaced or erased since it was listed, and the clock may have gone back. */
async function eraseDue(ctx: Context, tx: Tx, { kind, key }: Erasure): Promise<boolean> {
  const { carrierId } = key
  const actor = systemActor(key)
  const found = await (kind === 'deleted' ? findDeleted(tx, key) : findPrevious(tx, key))
  if (!found || found.erase_after > ctx.clock().toISOString()) return false
  if (kind === 'deleted') return eraseConnection(ctx, tx, actor, carrierId)
  await dropPrevious(tx, key)
  const { credentials_version: version } = found
  await recordEvent(ctx, tx, actor, { action: 'connection.previous_erased', carrierId, version })
  return true
}
