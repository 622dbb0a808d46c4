import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import type { Dispatcher } from 'undici'
import { isHeaderValue } from '../catalog/sendable.ts'
import type { Destination } from './destination.ts'
import type { OutboundLimits } from './limits.ts'
import { guardedLookup, type Resolve } from './lookup.ts'
import { Unreachable, reasonOf } from './unreachable.ts'

/** A line holds the limits, the resolver and the trusted certificates that every connection is made with. */
export type OutboundLine = Readonly<{
  limits: OutboundLimits
  resolve: Resolve
  trusted: SecureContext | undefined
}>

export type SentRequest = Readonly<{
  method: 'GET' | 'POST'
  headers: Readonly<Record<string, string>>
  body?: string | undefined
}>

export type OutboundAnswer = Readonly<{
  status: number
  headers: Readonly<Record<string, string>>
  body: Dispatcher.ResponseData['body']
}>

/** Makes a TLS context that trusts the authorities of Node and also `ca`; returns `undefined` where no `ca` is given. */
export function trust(ca: string | undefined): SecureContext | undefined {
  return ca === undefined ? undefined : createSecureContext({ ca: [...getCACertificates('default'), ca] })
}

/**
 * Sends one request over a new connection and gives the answer to `read`; nothing is sent twice and no redirect is followed.
 * Rejects only with `Unreachable`. When the exchange settles, its connection is closed.
 */
export async function exchange<T>(
  { limits, resolve, trusted }: OutboundLine,
  to: Destination,
  {
    sent,
    signal,
    read,
  }: { sent: SentRequest; signal: AbortSignal; read: (answer: OutboundAnswer) => Promise<T> },
): Promise<T> {
  const { method, headers, body } = sent
  requireSendable(headers)
  // The client is loaded when the first call goes out, because a start in the sandbox never needs it.
  const { Client } = await import('undici')
  let connected = false
  let isLookedUp = true
  const lookUp: Resolve = (name) => {
    isLookedUp = false
    return resolve(name).finally(() => (isLookedUp = true))
  }
  // A connection that is not shared cannot be stale or give one caller's answer to another, and the address of each connection is checked again.
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
      // TLS asks for the name in `host` too, and compares the certificate with this name.
      headers: { ...headers, host: to.host, 'accept-encoding': 'identity' },
      body: body ?? null,
      signal,
    })
    // The rest of a body ends with the connection, so an error in it does not matter.
    reply.body.on('error', () => undefined)
    return await read({ status: reply.statusCode, headers: flatten(reply.headers), body: reply.body })
  } catch (error) {
    const reason = reasonOf(error, { connected })
    // A name that is not looked up yet may only have waited in this process, so the timeout is not the host's fault.
    if (!isLookedUp && reason === 'timeout') throw new Unreachable(reason, { againstHost: false })
    throw error instanceof Unreachable ? error : new Unreachable(reason)
  } finally {
    await client.destroy()
  }
}

/** `RESERVED` matches the headers of the network connection, which Hawser sets itself. */
const RESERVED =
  /^(host|connection|keep-alive|upgrade|te|trailer|transfer-encoding|content-length|expect|accept-encoding|proxy-.*)$/i

function requireSendable(headers: SentRequest['headers']): void {
  for (const [name, value] of Object.entries(headers))
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name) || RESERVED.test(name) || !isHeaderValue(value))
      throw new Unreachable('broken', { againstHost: false })
}

function flatten(headers: Dispatcher.ResponseData['headers']): OutboundAnswer['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value = '']) => [
      name,
      typeof value === 'string' ? value : value.join(', '),
    ]),
  )
}

/** Reads the body of an answer as text; throws `Unreachable` as soon as the body is longer than `most` bytes, and never holds more in memory. */
export async function readText({ headers, body }: OutboundAnswer, most: number): Promise<string> {
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

/** Reads and discards up to `most` bytes of a body for up to `ms` milliseconds, so that the receiver sees that its answer was read; never rejects. */
export async function discard({ body }: OutboundAnswer, most: number, ms: number): Promise<void> {
  const timer = setTimeout(() => body.destroy(), ms)
  let size = 0
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) if ((size += chunk.length) > most) return
  } catch {
    // The status is known already, so an error in the rest of the answer does not matter.
  } finally {
    clearTimeout(timer)
  }
}
