/** Attempts of one process at a time. */
export const SLOTS = 64
const SLOTS_A_HOST = 8
const SLOTS_AN_ENDPOINT = 4
/** Of all these at most half wait for endpoints that give way, and one for each of them. */
const FOR_WEAK = 0.5
const SLOTS_A_WEAK_ENDPOINT = 1
/** An answer that takes longer than this is slow, whatever it says. */
const SLOW_MS = 3_000
/** What an endpoint that nothing is sent to was like is forgotten after this. */
const REMEMBERED_MS = 60 * 60 * 1_000

/** Who an attempt is for: its endpoint, that one's host, and the tenant whose both are. */
export type Place = { tenant: string; endpoint: string; host: string; isFailing: boolean }
type Slot = Place & { since: number; until?: number }

/** A slot that is taken: `answered` says that its receiver is done, `leave` gives it back; each once. */
export type Taken = { answered: () => void; leave: () => void }

export type Room = {
  /** How many more attempts an endpoint may have beside those under way. */
  left(place: Place): number
  isFull(): boolean
  take(place: Place): Taken
}

/**
 * The slots of one process, shared so that whoever comes next finds one: a tenant holds at most half as many as are free.
 * Endpoints that fail or are slow give way to the others, and nobody's host stands in the way of another tenant's.
 */
export function openRoom(slowMs: number = SLOW_MS): Room {
  const underWay = new Set<Slot>()
  const slow = new Map<string, number>()

  const isSlow = ({ endpoint }: Place, now: number) => now - (slow.get(endpoint) ?? -Infinity) < REMEMBERED_MS
  const note = ({ endpoint, since }: Slot, now: number) => {
    slow.delete(endpoint)
    if (now - since > slowMs) slow.set(endpoint, now)
    for (const [oldest, at] of slow) {
      if (now - at < REMEMBERED_MS) break
      slow.delete(oldest)
    }
  }

  const left = (place: Place) => {
    const now = performance.now()
    // One that waits already gives way before it has ended.
    const isWeak = (slot: Place & Partial<Slot>) =>
      slot.isFailing || isSlow(slot, now) || (slot.until ?? now) - (slot.since ?? now) > slowMs
    const all = [...underWay]
    const own = all.filter(({ endpoint }) => endpoint === place.endpoint).length
    const among = (slots: readonly Slot[], part: number) => {
      const ofTenant = slots.filter(({ tenant }) => tenant === place.tenant)
      const atHost = ofTenant.filter(({ host }) => host === place.host).length
      return Math.min(fairShare(SLOTS * part - slots.length, ofTenant.length), SLOTS_A_HOST * part - atHost)
    }
    const usual = Math.min(among(all, 1), SLOTS_AN_ENDPOINT - own)
    const weak = all.filter(isWeak)
    if (!isWeak(place) && !weak.some(({ endpoint }) => endpoint === place.endpoint)) return usual
    return Math.min(usual, among(weak, FOR_WEAK), SLOTS_A_WEAK_ENDPOINT - own)
  }

  return {
    left,
    isFull: () => underWay.size >= SLOTS,
    take: (place) => {
      const slot: Slot = { ...place, since: performance.now() }
      underWay.add(slot)
      return {
        answered: () => {
          slot.until = performance.now()
          note(slot, slot.until)
        },
        leave: () => void underWay.delete(slot),
      }
    },
  }
}

/** The most that who holds `own` may take of what is free, so that afterwards he holds at most half as many as are left. */
const fairShare = (free: number, own: number) => Math.floor((free - 2 * own) / 3)
