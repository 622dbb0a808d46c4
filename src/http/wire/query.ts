import { ACTOR_FORMS, others, parseActor } from '../../audit/actors.ts'
import { nearest } from '../../catalog/nearest.ts'
import { failFields } from '../../errors.ts'
import { isCarrierId, isId } from '../../ids.ts'
import { parseBefore, parseDay, parseLast, parseTime } from '../../time.ts'
import type { QueryParameter } from '../openapi/describe.ts'

/** Returns the parameters `page` and `page_size`, which `readPage` reads, for a list of `things`. */
export function pageParameters(
  things: string,
  { most, usual, about = 'Which page.' }: { most: number; usual?: number; about?: string },
): QueryParameter[] {
  const size = { type: 'integer', minimum: 1, maximum: most, ...(usual !== undefined && { default: usual }) }
  return [
    { name: 'page', about, schema: { type: 'integer', minimum: 1 } },
    { name: 'page_size', about: `${things} on a page.`, schema: size },
  ]
}

type Query = Readonly<Record<string, unknown>>
type Page = { page: number; size: number }

/** Reads the page that a query asks for, and returns `undefined` where it asks for none; refuses a bad page with 400. */
export function readPage(query: Query, most: number, usual: number): Page | undefined {
  const page = readNumber(query, 'page', { least: 1, most: 1_000_000 })
  const size = readNumber(query, 'page_size', { least: 1, most })
  return page === undefined && size === undefined ? undefined : { page: page ?? 1, size: size ?? usual }
}

/** Reads a whole number from `least` to `most`. */
export function readNumber(
  query: Query,
  name: string,
  { least, most }: { least: number; most: number },
): number | undefined {
  const text = readText(query, name)
  if (text === undefined) return undefined
  if (/^\d{1,7}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text)
  return refuse(name, `must be a whole number from ${least} to ${most}`)
}

/** Reads a parameter that may stand once; refuses a repeated one with 400. */
export function readText(query: Query, name: string): string | undefined {
  const value = query[name]
  if (value === undefined) return undefined
  if (typeof value !== 'string') return refuse(name, 'must be given once')
  return value.includes('\0') ? refuse(name, 'must have no control characters') : value
}

/** Reads one of a closed list of values. */
export function readChoice<T extends string>(
  query: Query,
  name: string,
  choices: readonly T[],
): T | undefined {
  const text = readText(query, name)
  const chosen = choices.find((choice) => choice === text)
  return text !== undefined && chosen === undefined
    ? refuse(name, `must be one of ${choices.join(', ')}${orMeant(text, choices)}`)
    : chosen
}

const orMeant = (text: string, choices: readonly string[]): string => {
  const [meant] = nearest(text, choices)
  return meant === undefined ? '' : `; did you mean ${meant}?`
}

/** Reads several of a closed list of values, which are separated by commas or given in a repeated parameter. */
export function readChoices<T extends string>(
  query: Query,
  name: string,
  choices: readonly T[],
): T[] | undefined {
  if (query[name] === undefined) return undefined
  const given = [query[name]].flat().map((text) => (typeof text === 'string' ? text : ''))
  const texts = given.flatMap((text) => text.split(',').map((part) => part.trim()))
  const unknown = texts.find((text) => !choices.includes(text as T))
  if (unknown === undefined) return [...new Set(texts)] as T[]
  return refuse(name, `must be some of ${choices.join(', ')}${orMeant(unknown, choices)}`)
}

/** Reads a text for which `fits` returns true; `form` says in the refusal what the text must be. */
export function readForm(
  query: Query,
  name: string,
  fits: (text: string) => boolean,
  form: string,
): string | undefined {
  const text = readText(query, name)
  return text === undefined || fits(text) ? text : refuse(name, form)
}

/** Reads the name of an actor in the form of the audit log. */
export function readActor(query: Query, name: string): string | undefined {
  const text = readText(query, name)
  if (text === undefined) return undefined
  return parseActor(text) ?? refuse(name, `must be ${ACTOR_FORMS}${orMeant(text, Object.keys(others))}`)
}

/** Reads the id of a label, a manifest or a warehouse. */
export const readId = (query: Query, name: string): string | undefined => readForm(query, name, isId, ID_FORM)

/** Reads the id of a connection of either mode. */
export const readCarrierId = (query: Query): string | undefined =>
  readForm(query, 'carrier_id', isCarrierId, ID_FORM)

const ID_FORM = 'must have the form of an id'

/** Reads the texts of a parameter that may be repeated; refuses with 400 a text for which `fits` returns false. */
export function readForms(
  query: Query,
  name: string,
  fits: (text: string) => boolean,
  form: string,
): string[] | undefined {
  if (query[name] === undefined) return undefined
  const texts = [query[name]].flat()
  return texts.every((text) => typeof text === 'string' && fits(text))
    ? (texts as string[])
    : refuse(name, form)
}

/** Reads a truth value. */
export function readFlag(query: Query, name: string): boolean | undefined {
  const text = readText(query, name)
  if (text === undefined || text === 'true' || text === 'false')
    return text === undefined ? undefined : text === 'true'
  return refuse(name, 'must be true or false')
}

/** Reads a date, or a date and time with its offset, and returns it in the form in which the database keeps times. */
export const readTime = (query: Query, name: string): string | undefined =>
  readMoment(query, name, { parse: parseTime, form: TIME_FORM })

/** Reads the inclusive end of a range; a plain day includes the whole day. */
export const readLast = (query: Query, name: string): string | undefined =>
  readMoment(query, name, { parse: parseLast, form: TIME_FORM })

/** Reads the exclusive end of a range; a plain day includes the whole day. */
export const readBefore = (query: Query, name: string): string | undefined =>
  readMoment(query, name, { parse: parseBefore, form: TIME_FORM })

/** Reads the day that is written in a date, or in a date and time with or without an offset. */
export const readDay = (query: Query, name: string): string | undefined =>
  readMoment(query, name, { parse: parseDay, form: DAY_FORM })

const TIME_FORM = 'must be a date, or a date and time with an offset, in ISO 8601'
const DAY_FORM = 'must be a date, or a date and time, in ISO 8601'

function readMoment(
  query: Query,
  name: string,
  { parse, form }: { parse: typeof parseTime; form: string },
): string | undefined {
  const text = readText(query, name)
  if (text === undefined) return undefined
  const moment = parse(text.replace(SPACE_THAT_WAS_PLUS, '+'))
  return moment ?? refuse(name, form)
}

/** `SPACE_THAT_WAS_PLUS` matches the space before an offset, which was a plus sign, since a bare plus in a query decodes to a space. */
const SPACE_THAT_WAS_PLUS = / (?=\d{2}:\d{2}$)/

const refuse = (name: string, why: string): never =>
  failFields([{ kind: 'invalid', field: name, message: `${name} ${why}${why.endsWith('?') ? '' : '.'}` }])
