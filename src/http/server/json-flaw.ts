/** A `JsonFlaw` is the first mistake in a text that is no strict JSON; `at` is its index in the text, and no part of the text is in the flaw. */
export type JsonFlaw = { kind: 'syntax' | 'twice' | 'reserved' | 'deep'; at: number }

type Limits = { deepest: number; reserved: ReadonlySet<string> }

const SPACE = /[ \t\r\n]*/y
// These patterns match a number, or a text without its last quote, up to its end or up to its first mistake.
const NUMBER = /-?(?:(?:0|[1-9]\d*)(?:\.\d*)?(?:(?<=\d)[eE][+-]?\d*)?)?/y
const TEXT = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})[^"\\\u0000-\u001f]*)*/y
const PART_OF_ESCAPE = /(?:\\(?:u[\dA-Fa-f]{0,3})?)?/y
const WORDS = ['true', 'false', 'null']

class Found extends Error {
  readonly flaw: JsonFlaw

  constructor(kind: JsonFlaw['kind'], at: number) {
    super(kind)
    this.flaw = { kind, at }
  }
}

/** Returns the first flaw of a text, or `undefined` where the text has none. `findFlaw` is slower than `JSON.parse` and is called only for texts that were refused. */
export function findFlaw(text: string, { deepest, reserved }: Limits): JsonFlaw | undefined {
  let at = 0
  const fail = (kind: JsonFlaw['kind'], where = at): never => {
    throw new Found(kind, where)
  }
  const matched = (pattern: RegExp): string => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0] ?? ''
  }
  const skip = () => void (at += matched(SPACE).length)
  const take = (sign: string) => {
    skip()
    if (text[at] !== sign) fail('syntax')
    at += 1
  }
  const number = () => {
    at += matched(NUMBER).length
    if (!/\d/.test(text[at - 1] ?? '')) fail('syntax')
  }
  const string = (): string => {
    const start = at
    at += matched(TEXT).length
    if (at === start) fail('syntax')
    if (text[at] !== '"') fail('syntax', at + matched(PART_OF_ESCAPE).length)
    at += 1
    return text.slice(start, at)
  }
  const word = () => {
    const meant = WORDS.find((one) => one[0] === text[at]) ?? fail('syntax')
    for (const letter of meant) {
      if (text[at] !== letter) fail('syntax')
      at += 1
    }
  }
  const member = (seen: Set<string>, depth: number) => {
    skip()
    const start = at
    const name = JSON.parse(string()) as string
    if (reserved.has(name)) fail('reserved', start)
    if (seen.has(name)) fail('twice', start)
    seen.add(name)
    take(':')
    value(depth)
  }
  const list = (close: string, depth: number, entry: () => void) => {
    if (depth > deepest) fail('deep')
    at += 1
    skip()
    if (text[at] !== close) {
      entry()
      skip()
      while (text[at] === ',') {
        at += 1
        entry()
        skip()
      }
    }
    take(close)
  }
  const value = (depth: number): void => {
    skip()
    const first = text[at] ?? ''
    if (first === '{') {
      const seen = new Set<string>()
      list('}', depth + 1, () => member(seen, depth + 1))
    } else if (first === '[') list(']', depth + 1, () => value(depth + 1))
    else if (first === '"') string()
    else if (/[-\d]/.test(first)) number()
    else word()
  }
  try {
    value(0)
    skip()
    return at < text.length ? { kind: 'syntax', at } : undefined
  } catch (error) {
    if (error instanceof Found) return error.flaw
    throw error
  }
}

/** Returns the line and the column of an index in a text, for a human reader; both are counted from 1. */
export function describePlace(text: string, at: number): string {
  const lines = text.slice(0, at).split(/\r\n|\r|\n/)
  const last = lines.at(-1) ?? ''
  const halves = last.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0
  return `line ${lines.length}, column ${last.length - halves + 1}`
}
