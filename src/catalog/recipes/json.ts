import type { Reply } from '../verification.ts'

/** Reads the JSON of a reply; returns `undefined` where the body is no JSON. */
export function readJson(reply: Reply): unknown {
  try {
    return JSON.parse(reply.body) as unknown
  } catch {
    return undefined
  }
}

/** Lists as text every value at a path such as `errors[].code`, or `[].code` where the JSON is a list; leaves out objects and nulls. */
export function valuesAt(value: unknown, path: string): string[] {
  let found: unknown[] = [value]
  for (const name of path.split('.')) {
    const [member = '', each] = name.split('[]')
    found = found.flatMap((one) => {
      const next = member === '' ? one : isObject(one) && Object.hasOwn(one, member) ? one[member] : undefined
      return each === undefined ? [next] : Array.isArray(next) ? (next as unknown[]) : []
    })
  }
  return found
    .filter((one) => typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean')
    .map(String)
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** Returns the JSON part of a multipart reply as a reply of its own; returns any other reply unchanged. */
export function jsonPart(reply: Reply): Reply {
  const boundary = /^multipart\/.*boundary="?([^";]+)"?/i.exec(reply.headers['content-type'] ?? '')?.[1]
  if (boundary === undefined) return reply
  const part = reply.body
    .split(`--${boundary}`)
    .find((one) => /content-type:\s*application\/json/i.test(one.split('\r\n\r\n')[0] ?? ''))
  return { ...reply, body: part?.split('\r\n\r\n').slice(1).join('\r\n\r\n') ?? '' }
}
