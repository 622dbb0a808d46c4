import { isUtf8 } from 'node:buffer'

const DEEPEST = 8
const MOST_MEMBERS = 200
const RESERVED = new Set(['__proto__', 'constructor', 'prototype'])

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/**
 * Reads JSON without the leniencies of `JSON.parse`: valid UTF-8 only, no repeated member, no reserved name,
 * at most 8 levels, and 200 members unless told otherwise. Answers `undefined` for anything else, and never says where or what.
 */
export function parseStrictJson(bytes: Uint8Array, members = MOST_MEMBERS): { value: Json } | undefined {
  if (!isUtf8(bytes)) return undefined
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const shape = measure(text)
  if (shape.depth > DEEPEST || shape.members > members) return undefined
  const value = parse(text)
  // A repeated member has a colon in the text and no place of its own in the value.
  if (value === undefined || countMembers(value.value) !== shape.members) return undefined
  return value
}

function parse(text: string): { value: Json } | undefined {
  try {
    return { value: JSON.parse(text) as Json }
  } catch {
    return undefined
  }
}

/** Depth and number of members, told from brackets and colons outside of strings; exact for valid JSON. */
function measure(text: string): { depth: number; members: number } {
  let depth = 0
  let deepest = 0
  let members = 0
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case '"':
        at = endOfString(text, at)
        break
      case '{':
      case '[':
        depth += 1
        deepest = Math.max(deepest, depth)
        break
      case '}':
      case ']':
        depth -= 1
        break
      case ':':
        members += 1
    }
  }
  return { depth: deepest, members }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '"') return at
  }
  return text.length
}

/** How many members the value has, or `NaN` where one has a reserved name. */
function countMembers(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0
  if (Array.isArray(value)) return value.reduce<number>((sum, entry) => sum + countMembers(entry), 0)
  const names = Object.keys(value)
  if (names.some((name) => RESERVED.has(name))) return NaN
  return names.reduce((sum, name) => sum + 1 + countMembers(value[name] ?? null), 0)
}
