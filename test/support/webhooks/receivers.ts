import type { Outbound } from '../../../src/outbound/http.ts'
import type { TestServer } from '../server/test-server.ts'

type Deliver = Outbound['deliver']

export type SentMessage = Parameters<Deliver>[0]
type Reply = Awaited<ReturnType<Deliver>>

/** The receivers of webhooks are known by the host under which they answer; a receiver that no test has scripted accepts everything. */
export type Receivers = {
  /** These are all messages that were sent, in order. */
  seen: SentMessage[]
  script: (host: string, answer: (request: SentMessage, count: number) => Reply | Promise<Reply>) => void
  at: (host: string) => SentMessage[]
}

/** Makes a server deliver its webhooks by this function. */
export function replaceDelivery(server: TestServer, deliver: Deliver): void {
  server.ctx.outbound = { ...server.ctx.outbound, deliver }
}

/** Makes a server deliver its webhooks to receivers of the test. */
export function openReceivers(server: TestServer): Receivers {
  const seen: SentMessage[] = []
  const scripts = new Map<string, (request: SentMessage, count: number) => Reply | Promise<Reply>>()
  const at = (host: string) => seen.filter(({ url }) => new URL(url).host === host)
  replaceDelivery(server, async (request) => {
    seen.push(request)
    const { host } = new URL(request.url)
    return scripts.get(host)?.(request, at(host).length) ?? { status: 204 }
  })
  return { seen, at, script: (host, answer) => void scripts.set(host, answer) }
}
