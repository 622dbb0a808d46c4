import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import type { TestContext } from 'node:test'

const tls = (file: string) => readFileSync(join(import.meta.dirname, '../tls', file), 'utf8')

/** This is the certificate of the test authority, which signed one for `localhost`, `carrier.test`, 127.0.0.1 and ::1, and whose key is gone. */
export const testCa = tls('ca.pem')

export type Peer = {
  port: number
  /** These count the connections that were made, that are open, and the most that were open at one time. */
  seen: { made: number; open: number; most: number }
  /** Answers what the clients have sent, in latin1. */
  heard: () => string
  /** Counts the bytes that clients took from this server. */
  written: () => number
  server: Server
}

export type Talk = (socket: Socket, heard: string) => void
type PeerOptions = { host?: string; port?: number; tls?: boolean }

/** Opens a server on loopback that calls `talk` once for each connection, when its request has come, or hangs up at once. */
export async function openPeer(
  t: TestContext,
  talk: Talk | 'hang up',
  options: PeerOptions = {},
): Promise<Peer> {
  const seen = { made: 0, open: 0, most: 0 }
  let heard = ''
  let written = 0
  const sockets = new Set<Socket>()
  const serve = (socket: Socket) => {
    let request = ''
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      const isFirst = !request.includes('\r\n\r\n')
      request += chunk.toString('latin1')
      heard += chunk.toString('latin1')
      if (isFirst && talk !== 'hang up' && request.includes('\r\n\r\n')) talk(socket, request)
    })
  }
  const server = options.tls
    ? createTlsServer({ cert: tls('server.pem'), key: tls('server.key') }, (socket: TLSSocket) =>
        serve(socket),
      )
    : createServer(serve)
  server.on('tlsClientError', () => undefined)
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    seen.made += 1
    seen.open += 1
    seen.most = Math.max(seen.most, seen.open)
    socket.on('error', () => undefined)
    if (talk === 'hang up') socket.destroy()
    socket.on('close', () => {
      sockets.delete(socket)
      seen.open -= 1
      written += socket.bytesWritten
    })
  })
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    heard: () => heard,
    written: () => written,
    server,
  }
}

/** Makes a peer send a reply and end the connection. */
export const reply =
  (text: string): Talk =>
  (socket) =>
    socket.end(text)

export const OK_REPLY = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
