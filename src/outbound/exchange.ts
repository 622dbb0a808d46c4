import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import type { Dispatcher } from 'undici'
import { isHeaderValue } from '../catalog/sendable.ts'
import type { Destination } from './destination.ts'
import type { Limits } from './limits.ts'
import { guardedLookup, type Resolve } from './lookup.ts'
import { Unreachable, reasonOf } from './unreachable.ts'

/** What every connection is made with. */
export type Line = Readonly<{ limits: Limits; resolve: Resolve; trusted: SecureContext | undefined }>

export type Sent = Readonly<{
  method: 'GET' | 'POST'
  headers: Readonly<Record<string, string>>
  body?: string | undefined
}>

export type Answer = Readonly<{
  status: number
  headers: Readonly<Record<string, string>>
  body: Dispatcher.ResponseData['body']
}>

/** The authorities that Node trusts and one more; `undefined` where there is no other. */
export function trust(ca: string | undefined): SecureContext | undefined {
  return ca === undefined ? undefined : createSecureContext({ ca: [...getCACertificates('default'), ca] })
}

/**
 * Sends one request over a connection of its own and hands the answer to `read`; nothing is sent twice and no redirect followed.
 * Rejects with `Unreachable` only. When it settles, the connection is gone.
 */
export async function exchange<T>(
  { limits, resolve, trusted }: Line,
  to: Destination,
  { method, headers, body }: Sent,
  signal: AbortSignal,
  read: (answer: Answer) => Promise<T>,
): Promise<T> {
  requireSendable(headers)
  // Loaded when the first call goes out: most of what a start would load for it is never used in the sandbox.
  const { Client } = await import('undici')
  let connected = false
  let isLookedUp = true
  const lookUp: Resolve = (name) => {
    isLookedUp = false
    return resolve(name).finally(() => (isLookedUp = true))
  }
  // A connection that is not shared can neither go stale nor carry one caller's answer to another, and each is judged anew.
  const client = new Client(to.origin, {
    pipelining: 0,
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    bodyTimeout: limits.totalMs,
    connect: {
      timeout: limits.connectMs,
      lookup: guardedLookup(lookUp, to.isOpen),
      rejectUnauthorized: true,
      ...(trusted && { secureContext: trusted }),
    },
  })
  client.once('connect', () => (connected = true))
  try {
    const reply = await client.request({
      method,
      path: to.path,
      // The name in `host` is also the one that TLS asks for and the certificate is held against.
      headers: { ...headers, host: to.host, 'accept-encoding': 'identity' },
      body: body ?? null,
      signal,
    })
    // What is left of a body ends with the connection, and nobody waits for that.
    reply.body.on('error', () => undefined)
    return await read({ status: reply.statusCode, headers: flatten(reply.headers), body: reply.body })
  } catch (error) {
    const reason = reasonOf(error, connected)
    // A name that nobody has looked up yet may only have waited for its turn here, and speaks against no host.
    if (!isLookedUp && reason === 'timeout') throw new Unreachable(reason, false)
    throw error instanceof Unreachable ? error : new Unreachable(reason)
  } finally {
    await client.destroy()
  }
}

/** What belongs to the connection, and is ours to say. */
const RESERVED =
  /^(host|connection|keep-alive|upgrade|te|trailer|transfer-encoding|content-length|expect|accept-encoding|proxy-.*)$/i

function requireSendable(headers: Sent['headers']): void {
  for (const [name, value] of Object.entries(headers))
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name) || RESERVED.test(name) || !isHeaderValue(value))
      throw new Unreachable('broken', false)
}

function flatten(headers: Dispatcher.ResponseData['headers']): Answer['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value = '']) => [
      name,
      typeof value === 'string' ? value : value.join(', '),
    ]),
  )
}

/** The body as text; rejects as soon as it is longer than `most` bytes, and holds no more than that. */
export async function readText({ headers, body }: Answer, most: number): Promise<string> {
  const coding = headers['content-encoding']?.trim().toLowerCase() ?? ''
  if (coding !== '' && coding !== 'identity') throw new Unreachable('broken')
  const held = Buffer.alloc(most)
  let size = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (size + chunk.length > most) throw new Unreachable('too_large')
    size += chunk.copy(held, size)
  }
  return new TextDecoder().decode(held.subarray(0, size))
}

/** Reads a body away, up to `most` bytes and for up to `ms`, so that a receiver sees its answer taken; never rejects. */
export async function discard({ body }: Answer, most: number, ms: number): Promise<void> {
  const timer = setTimeout(() => body.destroy(), ms)
  let size = 0
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) if ((size += chunk.length) > most) return
  } catch {
    // The status is known; how the rest ends changes nothing.
  } finally {
    clearTimeout(timer)
  }
}
