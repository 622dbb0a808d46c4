import { Agent, request, type IncomingHttpHeaders } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { stableText } from './stable-text.ts'

/** These are the options of a recorded request; a request without its own key has the sandbox key of the first tenant. */
export type Sent = { key?: string; body?: unknown; raw?: string; headers?: Record<string, string> }

/** This is an answer in the form that later requests of the record read. */
export type Answer = { status: number; headers: IncomingHttpHeaders; text: string; json: any }

/** These are the API keys of the recorded requests. */
export type Keys = {
  sandbox: string
  production: string
  reader: string
  otherTenant: string
  partner: string
}

/** A wire client writes a line of the record for every request. */
export type WireClient = {
  keys: Keys
  send: (method: string, path: string, sent?: Sent) => Promise<Answer>
  /** Asks for a path, without a line in the record, until `isDone` accepts the answer. */
  waitFor: (path: string, isDone: (answer: Answer) => boolean) => Promise<void>
  lines: string[]
  close: () => void
}

/** These headers are left out, because they describe the message, its TCP connection or the moment. */
const LEFT_OUT = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding'])

const TRIES = 200

/** Opens a client of the server at this address. */
export function openClient(address: string, keys: Keys): WireClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const stable = stableText()
  const lines: string[] = []
  const send: WireClient['send'] = async (method, path, sent = {}) => {
    const body = sent.raw ?? (sent.body === undefined ? undefined : JSON.stringify(sent.body))
    const key = sent.key ?? keys.sandbox
    const headers = {
      ...(key === '' ? {} : { 'api-key': key }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...sent.headers,
    }
    const answer = await exchange(agent, new URL(address), { method, path, headers, body })
    const shown = Object.entries(answer.headers)
      .filter(([name]) => !LEFT_OUT.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1))
    const text = [
      `${method} ${path} ${JSON.stringify(headers)} ${body ?? ''}`,
      `${answer.status} ${JSON.stringify(shown)} ${answer.text}`,
    ]
    lines.push(stable(text.join(' -> ')).replaceAll('\n', String.raw`\n`))
    return answer
  }
  const waitFor: WireClient['waitFor'] = async (path, isDone) => {
    const headers = { 'api-key': keys.sandbox }
    for (let tries = 1; tries <= TRIES; tries += 1) {
      if (isDone(await exchange(agent, new URL(address), { method: 'GET', path, headers }))) return
      await pause(50)
    }
    throw new Error(`${path} did not come to what is waited for.`)
  }
  return { keys, send, waitFor, lines, close: () => agent.destroy() }
}

function exchange(
  agent: Agent,
  { hostname, port }: URL,
  {
    body,
    ...asked
  }: { method: string; path: string; headers: Record<string, string>; body?: string | undefined },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ agent, hostname, port, ...asked }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      answer.on('error', reject)
      answer.on('end', () => {
        const isJson = answer.headers['content-type']?.startsWith('application/json') && text !== ''
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text,
          json: isJson ? JSON.parse(text) : undefined,
        })
      })
    })
    sent.on('error', reject).end(body)
  })
}
