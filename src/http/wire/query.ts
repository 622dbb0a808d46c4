import { ACTOR_FORMS, others, parseActor } from '../../audit/actors.ts'
import { nearest } from '../../catalog/nearest.ts'
import { failFields } from '../../errors.ts'
import { isCarrierId, isId } from '../../manifests/ids.ts'
import { parseBefore, parseDay, parseLast, parseTime } from '../../time.ts'
import type { QueryParameter } from '../openapi/describe.ts'

/** The parameters that `readPage` reads, of a list of these things. */
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

/** The page that a query asks for, or `undefined` when it asks for none; refuses what is no page. */
export function readPage(query: Query, most: number, usual: number): Page | undefined {
  const page = readNumber(query, 'page', 1_000_000)
  const size = readNumber(query, 'page_size', most)
  return page === undefined && size === undefined ? undefined : { page: page ?? 1, size: size ?? usual }
}

/** A whole number from `least` to `most`. */
export function readNumber(query: Query, name: string, most: number, least = 1): number | undefined {
  const text = readText(query, name)
  if (text === undefined) return undefined
  if (/^\d{1,7}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text)
  return refuse(name, `must be a whole number from ${least} to ${most}`)
}

/** A parameter that stands once, or not at all. */
export function readText(query: Query, name: string): string | undefined {
  const value = query[name]
  if (value === undefined) return undefined
  if (typeof value !== 'string') return refuse(name, 'must be given once')
  return value.includes('\0') ? refuse(name, 'must have no control characters') : value
}

/** One of a closed list of values. */
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

/** Some of a closed list of values, with commas between them or in a parameter that is repeated. */
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

/** A text that fits; `form` says what it must be. */
export function readForm(
  query: Query,
  name: string,
  fits: (text: string) => boolean,
  form: string,
): string | undefined {
  const text = readText(query, name)
  return text === undefined || fits(text) ? text : refuse(name, form)
}

/** Somebody who acts, as the audit log names him. */
export function readActor(query: Query, name: string): string | undefined {
  const text = readText(query, name)
  if (text === undefined) return undefined
  return parseActor(text) ?? refuse(name, `must be ${ACTOR_FORMS}${orMeant(text, Object.keys(others))}`)
}

/** An id of what is recorded here: of a label, a manifest or a warehouse. */
export const readId = (query: Query, name: string): string | undefined => readForm(query, name, isId, ID_FORM)

/** The id of a connection of either mode. */
export const readCarrierId = (query: Query): string | undefined =>
  readForm(query, 'carrier_id', isCarrierId, ID_FORM)

const ID_FORM = 'must have the form of an id'

/** Texts that fit, of a parameter that stands as often as there are any. */
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

/** A truth value. */
export function readFlag(query: Query, name: string): boolean | undefined {
  const text = readText(query, name)
  if (text === undefined || text === 'true' || text === 'false')
    return text === undefined ? undefined : text === 'true'
  return refuse(name, 'must be true or false')
}

/** A date, or a date and time with its offset, as the database keeps times. */
export const readTime = (query: Query, name: string): string | undefined => readMoment(query, name, parseTime)

/** The last moment of a range; a plain day is meant whole. */
export const readLast = (query: Query, name: string): string | undefined => readMoment(query, name, parseLast)

/** The moment that a range ends before; a plain day is meant whole. */
export const readBefore = (query: Query, name: string): string | undefined =>
  readMoment(query, name, parseBefore)

/** The day that is written in a date, or in a date and time. */
export const readDay = (query: Query, name: string): string | undefined =>
  readMoment(query, name, parseDay, '')

function readMoment(
  query: Query,
  name: string,
  parse: typeof parseTime,
  demand = ' with an offset',
): string | undefined {
  const text = readText(query, name)
  if (text === undefined) return undefined
  const moment = parse(text.replace(SPACE_THAT_WAS_PLUS, '+'))
  return moment ?? refuse(name, `must be a date, or a date and time${demand}, in ISO 8601`)
}

/** In a query a bare plus is a space. */
const SPACE_THAT_WAS_PLUS = / (?=\d{2}:\d{2}$)/

const refuse = (name: string, why: string): never =>
  failFields([{ kind: 'invalid', field: name, message: `${name} ${why}${why.endsWith('?') ? '' : '.'}` }])
