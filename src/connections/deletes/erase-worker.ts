import { setImmediate as breathe } from 'node:timers/promises'
import { recordEvent } from '../../audit/record-event.ts'
import { systemActor, type Context } from '../../context.ts'
import type { Tx } from '../../store/db.ts'
import { listErasures, type Erasure } from '../../store/tables/connections/due-erasures.ts'
import { dropPrevious, findPrevious } from '../../store/tables/connections/previous-credentials.ts'
import { findBuried } from '../../store/tables/connections/deleted.ts'
import { newRest, shuffled, waitFor } from '../../worker.ts'
import { eraseConnection } from './erase-connection.ts'

const LOOK_MS = 60_000
/** Looked at of each kind at a time. */
const LISTED = 50

export type Erasures = {
  /** Erases all that has come to its end; answers how much this process erased. */
  tick(): Promise<number>
  /** Does so by itself from now on, about once a minute. */
  start(): void
  /** Begins nothing any more, and gives what is under way `patienceMs` to end. */
  stop(patienceMs: number): Promise<void>
}

/** A worker that erases what has come to its end; several may work on one database, and a restore that comes first wins. */
export function createErasures(
  ctx: Context,
  { random = Math.random }: { random?: () => number } = {},
): Erasures {
  const { store, log } = ctx
  const rest = newRest()
  let isStopped = false
  let looping: Promise<void> | undefined

  const erase = async (due: Erasure): Promise<number> => {
    try {
      return (await store.transaction(due.key.tenantId, (tx) => eraseDue(ctx, tx, due))) ? 1 : 0
    } catch (error) {
      log.warn({ err: error, carrier_id: due.key.carrierId }, 'what has come to its end could not be erased')
      return 0
    } finally {
      // A transaction on SQLite waits for nothing: without this many of them would hold up everybody else.
      await breathe()
    }
  }

  const tick = async (): Promise<number> => {
    let erased = 0
    while (!isStopped) {
      const at = ctx.clock().toISOString()
      const due = await store.cross({ path: 'erase' }, (db) => listErasures(db, at, LISTED))
      let now = 0
      for (const one of shuffled(due, random)) if (!isStopped) now += await erase(one)
      if (now === 0) break
      erased += now
    }
    return erased
  }

  const loop = async (): Promise<void> => {
    while (!isStopped) {
      rest.begin()
      try {
        await tick()
      } catch (error) {
        log.warn({ err: error }, 'what has come to its end could not be looked for')
      }
      // Processes that started together drift apart.
      await rest.last(LOOK_MS * (0.5 + random()))
    }
  }

  return {
    tick,
    start: () => void (looping ??= loop()),
    stop: async (ms) => {
      isStopped = true
      rest.end()
      if (looping) await waitFor([looping], ms)
    },
  }
}

/** Looks again: it may have been restored, replaced or erased since it was listed, and the clock may have gone back. */
async function eraseDue(ctx: Context, tx: Tx, { kind, key }: Erasure): Promise<boolean> {
  const { carrierId } = key
  const actor = systemActor(key)
  const found = await (kind === 'buried' ? findBuried(tx, key) : findPrevious(tx, key))
  if (!found || found.erase_after > ctx.clock().toISOString()) return false
  if (kind === 'buried') return eraseConnection(ctx, tx, actor, carrierId)
  await dropPrevious(tx, key)
  const { credentials_version: version } = found
  await recordEvent(ctx, tx, actor, { action: 'connection.previous_erased', carrierId, version })
  return true
}
