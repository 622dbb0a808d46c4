/** This table has the kinds of values that differ from run to run, each with the name of its placeholder. */
const KINDS: readonly [name: string, pattern: string][] = [
  ['key', String.raw`(?:TEST_)?hws_[A-Za-z0-9]{12}_[A-Za-z0-9]{43}_[A-Za-z0-9]{6}`],
  ['secret', String.raw`whsec_[A-Za-z0-9+/=_-]+`],
  ['uuid', String.raw`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`],
  ['id', String.raw`\bse-[0-9a-v]{16}\b`],
  ['message', String.raw`\bmsg_[A-Za-z0-9]{8,}`],
  ['hash', String.raw`\b[0-9a-f]{64}\b`],
  ['key-id', String.raw`(?<=key:|"(?:api_)?key_id":"|"subject":"|/(?:api_)?keys/)[0-9A-Za-z]{12}\b`],
  ['cursor', String.raw`(?<="next":"|[?&]cursor=)[A-Za-z0-9_-]{24,}`],
  ['random', String.raw`(?<=[?&](?:state|code|code_challenge|nonce)=)[A-Za-z0-9._~-]{16,}`],
  ['address', String.raw`\b(?:127\.0\.0\.1|localhost):\d+`],
]

/** This pattern matches a time with milliseconds; requests name days only, so that every such time comes from the run itself. */
const MOMENT = /\b20\d\d-\d\d-\d\dT(?!00:00:00\.000)\d\d:\d\d:\d\d(?:\.\d{3})?Z/g

/** This pattern matches the time at which a key was last used; it is written after the answer, so that a list may show it or not. */
const LAST_USE = /"last_used_at":(?:null|"[^"]*")/g

/** This pattern matches the lists of an audit log that name connections and actors, which stand in the order of random ids. */
const IN_ANY_ORDER =
  /(?<="actors":\[|"connections":\[)(?=\{"(?:actor|carrier_id)":"[^"]*","(?:description|carrier)":)[^[\]]+(?=\])/g

/** Puts the objects of such a list into an order that is the same in every run. */
const ordered = (list: string): string =>
  list
    .split(/(?<=\}),(?=\{)/)
    .sort()
    .join(',')

/** Answers a function that replaces what differs from run to run by placeholders, numbered in the order of first sight. */
export function stableText(): (text: string) => string {
  const known = new Map<string, string>()
  const counts = new Map<string, number>()
  const pattern = new RegExp(
    KINDS.map(([name, one]) => `(?<${name.replace('-', '_')}>${one})`).join('|'),
    'g',
  )
  const replace = (found: string, groups: Record<string, string | undefined>) => {
    const kind = Object.keys(groups).find((name) => groups[name] !== undefined) ?? 'value'
    const before = known.get(found)
    if (before !== undefined) return before
    const count = (counts.get(kind) ?? 0) + 1
    counts.set(kind, count)
    const placeholder = `<${kind.replace('_', '-')}-${count}>`
    known.set(found, placeholder)
    return placeholder
  }
  return (text) =>
    text
      .replace(LAST_USE, '"last_used_at":"<null or time>"')
      .replace(MOMENT, '<time>')
      .replace(pattern, (found: string, ...rest: unknown[]) =>
        replace(found, rest.at(-1) as Record<string, string | undefined>),
      )
      .replace(IN_ANY_ORDER, ordered)
}
