/** A count says how often a name was counted in its span, and for how many milliseconds the span still lasts. */
type Count = { count: number; msLeft: number }

type Limits = { spanMs: number; mostNames: number; now?: () => number }

/**
 * A tally counts names, each within a span of `spanMs` that begins with the name's first count, on a clock that cannot be set back.
 * It keeps at most `mostNames` names, and forgets the oldest one where there are more.
 */
export class Tally {
  readonly #counts = new Map<string, { count: number; until: number }>()
  readonly #limits: Required<Limits>

  constructor({ now = () => performance.now(), ...limits }: Limits) {
    this.#limits = { ...limits, now }
  }

  /** Counts `name` once more and returns its count. */
  add(name: string): Count {
    const { spanMs, mostNames, now } = this.#limits
    const at = now()
    const known = this.#counts.get(name)
    if (known && known.until > at) {
      known.count += 1
      return { count: known.count, msLeft: known.until - at }
    }
    // The name moves to the end of the map. All spans have the same length, so the first name in the map is the one whose span ends first.
    this.#counts.delete(name)
    const [oldest] = this.#counts.keys()
    if (oldest !== undefined && this.#counts.size >= mostNames) this.#counts.delete(oldest)
    this.#counts.set(name, { count: 1, until: at + spanMs })
    return { count: 1, msLeft: spanMs }
  }

  /** Returns the number of names that are kept. */
  get size(): number {
    return this.#counts.size
  }
}
