import type { Context } from '../../context.ts'
import { noteKeyUse } from '../../store/tables/tenants/api-keys.ts'
import { waitFor } from '../../polling-loop.ts'

const HOUR_MS = 60 * 60_000
/** After a write that failed, nothing is written for `PAUSE_MS`. */
const PAUSE_MS = 60_000
const MOST_WAITING = 10_000

/** A used key is an API key that a request has presented, with its tenant and the hour of its last use that is on record. */
export type UsedKey = { tenantId: string; keyId: string; lastUsedAt: string | null }

/** `KeyUse` records when API keys were last used. */
export type KeyUse = {
  /** Notes that an API key was used, without waiting. */
  note(used: UsedKey): void
  /** Waits until all noted uses are written, but not longer than `ms`. */
  stop(ms: number): Promise<void>
}

/**
 * Records the last use of API keys to the hour: each key is written once an hour by whichever process comes first.
 * The writes run beside the requests, one key after the other, so that an hour's first minute has no more load than the others. No request fails or waits for them.
 */
export function createKeyUse(ctx: Context, { now = () => performance.now() } = {}): KeyUse {
  const waiting = new Map<string, { tenantId: string; at: string }>()
  /** `written` holds the keys whose use in `hour` this process has recorded; requests that began earlier may still have the old record. */
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
          // A new hour may have begun meanwhile in which the key was used again.
          if (waiting.get(keyId) === use) waiting.delete(keyId)
          if (at === hour) written.add(keyId)
        }
    } catch (error) {
      // Any use after the pause is recorded just as well.
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
