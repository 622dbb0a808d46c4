import { Agent, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

/**
 * A write is one request that was sent. It is `acknowledged` after a success; `open` without an answer or after 503, so that it may have taken effect;
 * and `past` where it was open when the store was last checked, and can take effect no more.
 */
export type Write = {
  kind: 'connect' | 'update' | 'settings' | 'delete'
  label: string
  state: 'acknowledged' | 'open' | 'past'
  version?: number
  /** This is what the answer 503 said. */
  refusal?: string
}

/** The journal has everything that the writers have sent: by connection, and by label where a connect got no id back. */
export type Journal = { connections: Map<string, Write[]>; unanswered: Map<string, Write>; hot: string[] }

/** A load is a set of writers at work; `problems` has the answers that none of their requests should get. */
export type Load = {
  /** This promise is fulfilled when six writes have been answered, so that the server is at work. */
  warm: Promise<void>
  stop: () => Promise<void>
  problems: string[]
  /** These are the numbers of answers by status; 0 stands for no answer. */
  counts: Record<string, number>
}

export const WRITERS = 32
const WARM = 6
const HOT = 4

export const newJournal = (): Journal => ({ connections: new Map(), unanswered: new Map(), hot: [] })

/** Builds a body whose every part names its label, so that parts of two bodies can be told apart in the row and in both envelopes. */
export const connectBody = (label: string) => ({
  nickname: label,
  account_number: label,
  account_postal_code: label,
  account_country_code: 'US',
})
const updateBody = (label: string) => ({
  ...connectBody(label),
  mail_innovations_customer_id: label,
  mail_innovations_customer_guid: `secret-${label}`,
})

let labels = 0
const newLabel = () => `label-${(labels += 1)}-${Math.random().toString(36).slice(2, 8)}`

/** Lets 32 writers connect, update, change settings and delete until they are stopped; where the server is gone, they end by themselves. */
export function startLoad(address: string, key: string, journal: Journal): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: WRITERS })
  const load = { problems: [] as string[], counts: {} as Record<string, number> }
  let running = true
  let answered = 0
  let warm = () => {}
  const isWarm = new Promise<void>((resolve) => (warm = resolve))
  const ids = [...journal.connections]
    .filter(([id, writes]) => isLive(writes) && !journal.hot.includes(id))
    .map(([id]) => id)
  const send = async (
    write: Write,
    method: string,
    path: string,
    asked: { body?: object } = {},
  ): Promise<Sent> => {
    const answer = await ask({ agent, address, key }, method, path, asked)
    const { status } = answer
    load.counts[status] = (load.counts[status] ?? 0) + 1
    if (status >= 200 && status < 300) {
      answered += 1
      if (answered === WARM) warm()
      write.state = 'acknowledged'
      write.version = write.kind === 'connect' ? 1 : Number(/^"v(\d+)"$/.exec(answer.etag)?.[1])
    } else if (status === 503) {
      write.refusal = answer.text
      if (!isEnvelope(answer.text)) load.problems.push(`503 without the envelope: ${answer.text}`)
      await pause(20)
    } else if (status !== 0) {
      load.problems.push(`${method} ${path}: ${status} ${answer.text}`)
      write.state = 'past'
    }
    return answer
  }
  const connect = async (mine: string[]) => {
    const write: Write = { kind: 'connect', label: newLabel(), state: 'open' }
    journal.unanswered.set(write.label, write)
    const answer = await send(write, 'POST', '/v1/connections/carriers/ups', {
      body: connectBody(write.label),
    })
    if (write.state !== 'acknowledged') return answer
    const { carrier_id: id } = JSON.parse(answer.text) as { carrier_id: string }
    journal.unanswered.delete(write.label)
    journal.connections.set(id, [write])
    if (journal.hot.length < HOT) journal.hot.push(id)
    else mine.push(id)
    return answer
  }
  const change = (kind: 'update' | 'settings' | 'delete', id: string) => {
    const write: Write = { kind, label: newLabel(), state: 'open' }
    journal.connections.get(id)?.push(write)
    const path = `/v1/connections/carriers/ups/${id}`
    if (kind === 'delete') return send(write, 'DELETE', path)
    if (kind === 'update') return send(write, 'PUT', path, { body: updateBody(write.label) })
    return send(write, 'PUT', `${path}/settings`, { body: { mail_innovations_cost_center: write.label } })
  }
  const write = async (mine: string[]): Promise<Sent> => {
    const chance = Math.random()
    const own = mine[Math.floor(Math.random() * mine.length)]
    if (own === undefined || chance < 0.25) return connect(mine)
    const target = Math.random() < 0.3 ? (journal.hot[Math.floor(Math.random() * HOT)] ?? own) : own
    if (chance < 0.6) return change('update', target)
    if (chance < 0.78) return change('settings', target)
    mine.splice(mine.indexOf(own), 1)
    return change('delete', own)
  }
  const writer = async (mine: string[]) => {
    while (running) if ((await write(mine)).status === 0) return
  }
  const writers = Array.from({ length: WRITERS }, (_, at) => writer(ids.filter((_, i) => i % WRITERS === at)))
  return {
    ...load,
    warm: isWarm,
    stop: async () => {
      running = false
      await Promise.all(writers)
      agent.destroy()
    },
  }
}

/** Says whether a connection should be there, by the answers to its writes. */
export const isLive = (writes: readonly Write[]): boolean =>
  !writes.some(({ kind, state }) => kind === 'delete' && state === 'acknowledged')

type Sent = { status: number; text: string; etag: string }

/** Sends one request; status 0 stands for no answer. */
function ask(
  { agent, address, key }: { agent: Agent; address: string; key: string },
  method: string,
  path: string,
  { body }: { body?: object },
): Promise<Sent> {
  return new Promise((resolve) => {
    const nothing = () => resolve({ status: 0, text: '', etag: '' })
    const headers = { 'api-key': key, ...(body ? { 'content-type': 'application/json' } : {}) }
    const sent = request(`${address}${path}`, { agent, method, headers, timeout: 20_000 }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      answer.on('error', nothing)
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, text, etag: answer.headers.etag ?? '' }),
      )
    })
    sent.on('error', nothing)
    sent.on('timeout', () => sent.destroy())
    sent.end(body && JSON.stringify(body))
  })
}

function isEnvelope(text: string): boolean {
  try {
    const { request_id, errors } = JSON.parse(text) as { request_id: unknown; errors: unknown[] }
    return typeof request_id === 'string' && errors.length > 0
  } catch {
    return false
  }
}
