import type { FastifyRequest } from 'fastify'
import type { Context } from '../../context.ts'

/** `HOST` matches a host name or an address, with or without a port, which links in answers may repeat. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i
const ABSOLUTE = /^https?:\/\/([^/?#]+)([^#]*)/i

/** Returns true where a text names a host that a link can lead to. */
export const isHost = (text: string): boolean => HOST.test(text) && URL.canParse(`http://${text}/`)

/**
 * Returns the path and query of a request, without a slash at the end of the path. Where the target is an absolute address,
 * its scheme and host are left out, and the host replaces the header `Host`.
 */
export function plainTarget(request: FastifyRequest['raw']): string {
  const target = request.url ?? ''
  const [, host, rest] = ABSOLUTE.exec(target) ?? []
  if (host === undefined || rest === undefined) return withoutSlash(target)
  request.headers.host = host
  return withoutSlash(rest.startsWith('/') ? rest : `/${rest}`)
}

function withoutSlash(target: string): string {
  const end = target.indexOf('?')
  const path = end < 0 ? target : target.slice(0, end)
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) + target.slice(path.length) : target
}

/** Returns the origin for links in an answer: the address that the operator has set, or the address to which the request was sent. */
export function originOf({ config }: Pick<Context, 'config'>, request: FastifyRequest): string {
  if (config.saidUrl !== undefined) return config.saidUrl
  const scheme = /^https$/i.test(request.protocol) ? 'https://' : 'http://'
  // The host is checked because HTTP/1.0 needs no header Host, and because a proxy may forward anything.
  return `${scheme}${isHost(request.host) ? request.host : localHost(request)}`
}

function localHost({ socket: { localAddress = 'localhost', localPort } }: FastifyRequest): string {
  const address = localAddress.replace(/^::ffff:/, '')
  const host = address.includes(':') ? `[${address}]` : address
  return localPort === undefined ? host : `${host}:${localPort}`
}
