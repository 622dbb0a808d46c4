/** `SLOTS` is the number of attempts that one process makes at a time. */
export const SLOTS = 64
const SLOTS_A_HOST = 8
const SLOTS_AN_ENDPOINT = 4
/** Endpoints that fail or are slow together get at most the part `FOR_WEAK` of all attempts, and `SLOTS_A_WEAK_ENDPOINT` each. */
const FOR_WEAK = 0.5
const SLOTS_A_WEAK_ENDPOINT = 1
/** An answer that takes longer than `SLOW_MS` is slow, whatever its status. */
const SLOW_MS = 3_000
/** An endpoint no longer counts as slow after `REMEMBERED_MS` without an attempt. */
const REMEMBERED_MS = 60 * 60 * 1_000

/** A delivery target names the endpoint, the host and the tenant that an attempt is for. */
export type DeliveryTarget = { tenant: string; endpoint: string; host: string; isFailing: boolean }
type Slot = DeliveryTarget & { since: number; until?: number }

/** `TakenSlot` is one attempt that was let in: call `answered` once when the receiver is done, and `leave` once when the attempt is over. */
export type TakenSlot = { answered: () => void; leave: () => void }

/** Limits the attempts that are under way at the same time in one process. */
export type DeliverySlots = {
  /** Returns how many more attempts an endpoint may have beside those under way; the number may be negative. */
  left(place: DeliveryTarget): number
  isFull(): boolean
  take(place: DeliveryTarget): TakenSlot
}

/**
 * Makes the limits of one process, which leave attempts free for other tenants: a tenant has at most half as many attempts under way as are free.
 * Endpoints that fail or are slow get fewer attempts than the others, and a host counts for each tenant separately.
 */
export function openDeliverySlots(slowMs: number = SLOW_MS): DeliverySlots {
  const underWay = new Set<Slot>()
  const slow = new Map<string, number>()

  const isSlow = ({ endpoint }: DeliveryTarget, now: number) =>
    now - (slow.get(endpoint) ?? -Infinity) < REMEMBERED_MS
  const note = ({ endpoint, since }: Slot, now: number) => {
    slow.delete(endpoint)
    if (now - since > slowMs) slow.set(endpoint, now)
    for (const [oldest, at] of slow) {
      if (now - at < REMEMBERED_MS) break
      slow.delete(oldest)
    }
  }

  const left = (place: DeliveryTarget) => {
    const now = performance.now()
    // An attempt that has waited too long makes its endpoint slow even before the attempt ends.
    const isWeak = (slot: DeliveryTarget & Partial<Slot>) =>
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

/** Returns how many of the `free` attempts a tenant with `own` attempts may take, so that it then has at most half as many as are still free. */
const fairShare = (free: number, own: number) => Math.floor((free - 2 * own) / 3)
