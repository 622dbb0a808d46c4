/** What has come together under one name: how often, and for how many milliseconds more it counts. */
type Count = { count: number; msLeft: number }

type Limits = { spanMs: number; mostNames: number; now?: () => number }

/**
 * Counts by name, each within a span that begins with its first count, on a clock that nobody can set back.
 * It keeps so many names at most: of more, the oldest is forgotten.
 */
export class Tally {
  readonly #counts = new Map<string, { count: number; until: number }>()
  readonly #limits: Required<Limits>

  constructor({ now = () => performance.now(), ...limits }: Limits) {
    this.#limits = { ...limits, now }
  }

  /** Counts once more under `name`. */
  add(name: string): Count {
    const { spanMs, mostNames, now } = this.#limits
    const at = now()
    const known = this.#counts.get(name)
    if (known && known.until > at) {
      known.count += 1
      return { count: known.count, msLeft: known.until - at }
    }
    // It goes to the end: spans are all of one length, so that the first name is the one that ends first.
    this.#counts.delete(name)
    const [oldest] = this.#counts.keys()
    if (oldest !== undefined && this.#counts.size >= mostNames) this.#counts.delete(oldest)
    this.#counts.set(name, { count: 1, until: at + spanMs })
    return { count: 1, msLeft: spanMs }
  }

  /** How many names are kept. */
  get size(): number {
    return this.#counts.size
  }
}
