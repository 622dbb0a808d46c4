/** Lists the hosts of these addresses, and each host only once. */
export function hostsOf(first: string, ...others: readonly string[]): readonly [string, ...string[]] {
  const host = new URL(first).hostname
  const further = new Set(others.map((url) => new URL(url).hostname))
  further.delete(host)
  return [host, ...further]
}
