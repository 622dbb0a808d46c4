import type { FastifyRequest } from 'fastify'
import type { Context } from '../../context.ts'

/** A name or an address, and a port; what answers may repeat in links. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i
const ABSOLUTE = /^https?:\/\/([^/?#]+)([^#]*)/i

/** Whether a text names a host that a link can lead to. */
export const isHost = (text: string): boolean => HOST.test(text) && URL.canParse(`http://${text}/`)

/**
 * The path that a request means: without the scheme and the host of an absolute form, whose host then stands in the place of the header,
 * and without a slash at its end.
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

/** Where links in an answer begin: at the address that the operator has set, else where the request came to. */
export function originOf({ config }: Pick<Context, 'config'>, request: FastifyRequest): string {
  if (config.saidUrl !== undefined) return config.saidUrl
  const scheme = /^https$/i.test(request.protocol) ? 'https://' : 'http://'
  // HTTP/1.0 needs no Host, and a proxy may send on anything.
  return `${scheme}${isHost(request.host) ? request.host : localHost(request)}`
}

function localHost({ socket: { localAddress = 'localhost', localPort } }: FastifyRequest): string {
  const address = localAddress.replace(/^::ffff:/, '')
  const host = address.includes(':') ? `[${address}]` : address
  return localPort === undefined ? host : `${host}:${localPort}`
}
