import { isUtf8 } from 'node:buffer'
import { findFlaw, describePlace, type JsonFlaw } from './json-flaw.ts'

const DEEPEST = 8
const MOST_MEMBERS = 200
const RESERVED = new Set(['__proto__', 'constructor', 'prototype'])

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/** `ReadJson` has the value of a JSON text, or a phrase that says what is wrong with the text, and where. */
export type ReadJson = { value: Json } | { flaw: string }

/**
 * Reads JSON more strictly than `JSON.parse`: only valid UTF-8, no repeated member, no reserved name,
 * at most 8 levels, and at most `members` members, by default 200. A byte order mark in front is skipped. A flaw is described by its place, and never by a part of the text.
 */
export function parseStrictJson(
  bytes: Uint8Array,
  { members = MOST_MEMBERS }: { members?: number } = {},
): ReadJson {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = buffer.toString('utf8').replace(/^\ufeff/, '')
  if (!isUtf8(bytes)) return { flaw: `is not UTF-8 (${describePlace(text, firstReplaced(text, buffer))})` }
  const shape = measure(text)
  const parsed = shape.depth > DEEPEST ? undefined : parse(text)
  // A repeated member has its own colon in the text, but only one member in the value stands for both.
  if (!parsed || countMembers(parsed.value) !== shape.members) return { flaw: flawOf(text) }
  return shape.members > members ? { flaw: `has more than ${members} members` } : parsed
}

const FLAWS: Readonly<Record<JsonFlaw['kind'], string>> = {
  syntax: 'is not well-formed JSON',
  twice: 'repeats a member',
  reserved: 'has a member of a reserved name',
  deep: `is nested deeper than ${DEEPEST} levels`,
}

function flawOf(text: string): string {
  const flaw = findFlaw(text, { deepest: DEEPEST, reserved: RESERVED })
  return flaw ? `${FLAWS[flaw.kind]} (${describePlace(text, flaw.at)})` : FLAWS.syntax
}

const REPLACED = '\ufffd'

/** Returns the index of the first replacement character in the text that stands for bytes which are not UTF-8; a replacement character that is in the bytes does not count. */
function firstReplaced(text: string, bytes: Buffer): number {
  const mark = Buffer.byteLength(bytes.toString('utf8')) - Buffer.byteLength(text)
  let at = text.indexOf(REPLACED)
  const isGiven = () => bytes.subarray(mark + Buffer.byteLength(text.slice(0, at))).indexOf(REPLACED) === 0
  while (at >= 0 && isGiven()) at = text.indexOf(REPLACED, at + 1)
  return Math.max(0, at)
}

function parse(text: string): { value: Json } | undefined {
  try {
    return { value: JSON.parse(text) as Json }
  } catch {
    return undefined
  }
}

/** Returns the depth and the number of members of a text, counted by the brackets and colons outside of strings; both are exact for valid JSON. */
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

/** Returns the number of members that a value has at all levels, and `NaN` where a member has a reserved name. */
function countMembers(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0
  if (Array.isArray(value)) return value.reduce<number>((sum, entry) => sum + countMembers(entry), 0)
  const names = Object.keys(value)
  if (names.some((name) => RESERVED.has(name))) return NaN
  return names.reduce((sum, name) => sum + 1 + countMembers(value[name] ?? null), 0)
}
