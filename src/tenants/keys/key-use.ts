import type { Context } from '../../context.ts'
import { noteKeyUse } from '../../store/tables/tenants/api-keys.ts'
import { waitFor } from '../../worker.ts'

const HOUR_MS = 60 * 60_000
/** For so long nothing is written after a write that failed. */
const PAUSE_MS = 60_000
const MOST_WAITING = 10_000

/** A key that was used: whose it is, and the hour of its last use that is on record. */
export type UsedKey = { tenantId: string; keyId: string; lastUsedAt: string | null }

export type KeyUse = {
  /** Notes that a key was used, and waits for nothing. */
  note(used: UsedKey): void
  /** Waits until what was noted is written, but not longer than `ms`. */
  stop(ms: number): Promise<void>
}

/**
 * Writes down when keys were used, to the hour: once an hour and key, whichever process comes first.
 * It does so behind the requests and one key after another, so that the first minute of an hour is like any other; no request fails or waits for it.
 */
export function createKeyUse(ctx: Context, now: () => number = () => performance.now()): KeyUse {
  const waiting = new Map<string, { tenantId: string; at: string }>()
  /** Keys whose use in `hour` this process has written down: requests that began before may know nothing of it. */
  const written = new Set<string>()
  let hour = ''
  let pausedUntil = 0
  let underWay: Promise<void> | undefined

  async function write(): Promise<void> {
    try {
      while (waiting.size > 0)
        for (const [keyId, use] of waiting) {
          const { tenantId, at } = use
          await ctx.store.transaction(tenantId, (tx) => noteKeyUse(tx, tenantId, keyId, at))
          // An hour may have begun meanwhile, in which the key was used again.
          if (waiting.get(keyId) === use) waiting.delete(keyId)
          if (at === hour) written.add(keyId)
        }
    } catch (error) {
      // The next use after the pause is as good.
      waiting.clear()
      pausedUntil = now() + PAUSE_MS
      ctx.log.warn({ err: error }, 'when keys were used last could not be written down')
    } finally {
      underWay = undefined
    }
  }

  return {
    note({ tenantId, keyId, lastUsedAt }) {
      const at = startOfHour(ctx.clock())
      if (lastUsedAt !== null && lastUsedAt >= at) return
      if (at !== hour) {
        hour = at
        written.clear()
      }
      if (written.has(keyId) || waiting.get(keyId)?.at === at) return
      if (waiting.size >= MOST_WAITING || now() < pausedUntil) return
      waiting.set(keyId, { tenantId, at })
      underWay ??= write()
    },
    stop: (ms) => waitFor(underWay ? [underWay] : [], ms),
  }
}

const startOfHour = (time: Date): string =>
  new Date(Math.floor(time.getTime() / HOUR_MS) * HOUR_MS).toISOString()
