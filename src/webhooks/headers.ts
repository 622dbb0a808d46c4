import type { FieldProblem } from '../catalog/forms/validate.ts'

/** A header is a name and a value that a user adds to every call of a webhook. */
export type Header = { readonly key: string; readonly value: string }

const MOST = 20
const LONGEST_KEY = 100
const LONGEST_VALUE = 2_000
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const VISIBLE = /^[\x20-\x7e]*$/
/** `RESERVED` matches the headers that Hawser sets itself, and the headers of the content and of the network connection. */
const RESERVED =
  /^(webhook-.*|content-.*|proxy-.*|host|user-agent|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|accept-encoding)$/

/** `MASK` is shown in answers instead of a header's value; in a change it stands for the value that is kept. */
export const MASK = '[secret]'

/** Says whether a header's value is the mask that answers show. */
export const isMask = (value: string): boolean => value.trim() === MASK

/** Returns a problem for each masked header whose name has no kept value; otherwise the mask itself would be sent. */
export function keptProblems(headers: readonly Header[], names: readonly string[]): FieldProblem[] {
  const held = new Set(names.map((name) => name.toLowerCase()))
  return headers.flatMap(({ key, value }, at) =>
    isMask(value) && !held.has(key.toLowerCase())
      ? [invalid(`headers.${at}.value`, `is ${MASK}, which keeps a value, and there is none of this name`)]
      : [],
  )
}

/** Returns every problem of the headers in a body. */
export function headerProblems(headers: unknown): FieldProblem[] {
  if (!Array.isArray(headers)) return [invalid('headers', 'must be a list of objects with key and value')]
  if (headers.length > MOST) return [invalid('headers', `must be at most ${MOST}`)]
  const seen = new Set<string>()
  return headers.flatMap((header: unknown, at) => {
    const path = `headers.${at}`
    if (typeof header !== 'object' || header === null || Array.isArray(header))
      return [invalid(path, 'must be an object with key and value')]
    const { key, value, ...rest } = header as Record<string, unknown>
    const name = typeof key === 'string' ? key.toLowerCase() : ''
    const repeated = name !== '' && seen.has(name)
    seen.add(name)
    return [
      ...(Object.keys(rest).length > 0 ? [invalid(path, 'must have key and value only')] : []),
      ...(repeated
        ? [
            {
              kind: 'conflict' as const,
              field: `${path}.key`,
              message: `${path}.key names a header a second time.`,
            },
          ]
        : keyProblems(`${path}.key`, key)),
      ...valueProblems(`${path}.value`, value),
    ]
  })
}

function keyProblems(field: string, key: unknown): FieldProblem[] {
  if (key === undefined || key === null || key === '') return [required(field)]
  if (typeof key !== 'string' || !TOKEN.test(key)) return [invalid(field, 'must be the name of a header')]
  if (key.length > LONGEST_KEY) return [tooLong(field, LONGEST_KEY)]
  return RESERVED.test(key.toLowerCase()) ? [invalid(field, 'names a header that cannot be set')] : []
}

function valueProblems(field: string, value: unknown): FieldProblem[] {
  if (value === undefined || value === null) return [required(field)]
  if (typeof value !== 'string' || !VISIBLE.test(value))
    return [invalid(field, 'must be a text of printable ASCII characters')]
  return value.length > LONGEST_VALUE ? [tooLong(field, LONGEST_VALUE)] : []
}

const required = (field: string): FieldProblem => ({
  kind: 'required',
  field,
  message: `${field} is required.`,
})
const invalid = (field: string, why: string): FieldProblem => ({
  kind: 'invalid',
  field,
  message: `${field} ${why}.`,
})
const tooLong = (field: string, most: number): FieldProblem => ({
  kind: 'length',
  field,
  message: `${field} must have at most ${most} characters.`,
})
