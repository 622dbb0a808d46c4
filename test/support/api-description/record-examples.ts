import assert from 'node:assert/strict'
import { conditions, type ConditionName } from '../../../src/errors.ts'
import type { Scope } from '../../../src/context.ts'
import type { Environment } from '../../../src/store/schema/tables.ts'
import { openTestServer, type Answer, type TestServer } from '../server/test-server.ts'
import { signInEnv } from '../sign-in/simulated-ups.ts'

type Body = Record<string, unknown>
type Examples = Record<string, { summary: string; value: unknown }>
type Operation = { request?: Examples; answers: Record<string, Examples> }
type Sent = { body?: Body; key?: string; headers?: Record<string, string>; raw?: string }

export type Recorder = Awaited<ReturnType<typeof openRecorder>>

const NOW = new Date('2026-01-31T09:30:00.000Z')

/** Opens a server whose answers are kept as examples; the ids and keys of a run are replaced by ones that do not change. */
export async function openRecorder() {
  // A server that only answers injected requests does not keep its process alive, so this timer does.
  const alive = setInterval(() => {}, 60_000)
  const server = await openTestServer('sqlite', {
    env: signInEnv,
    clock: () => NOW,
    repeatTransactions: false,
  })
  const { paths } = (await server.app.inject('/openapi.json')).json<{
    paths: Record<string, Record<string, { operationId: string }>>
  }>()
  const steady = steadyNames(server)
  const key = await server.newKey({ environment: 'sandbox' })
  const operations: Record<string, Operation> = {}
  const refusals: Partial<Record<ConditionName, { status: number; body: unknown }>> = {}

  const operationOf = (method: string, url: string) => {
    const path = url.split('?', 1)[0] ?? ''
    const known = Object.keys(paths).filter((pattern) => matches(pattern, path))
    const found = known.sort((a, b) => a.split('{').length - b.split('{').length)[0]
    const operation = found === undefined ? undefined : paths[found]?.[method.toLowerCase()]
    assert.ok(operation, `${method} ${path} is not described`)
    return (operations[operation.operationId] ??= { answers: {} })
  }
  const send = (method: string, url: string, sent: Sent = {}): Promise<Answer> =>
    server.request(method, url, { key, ...sent })

  /** Sends a request that succeeds, and keeps it and its answer under a name. */
  async function show(summary: string, method: string, url: string, sent: Sent = {}): Promise<Answer> {
    const answer = await send(method, url, sent)
    assert.ok(answer.status < 400, `${method} ${url}: ${answer.status} ${answer.text}`)
    const name = nameOf(summary)
    const operation = operationOf(method, url)
    if (sent.body) operation.request = { ...operation.request, [name]: { summary, value: steady(sent.body) } }
    operation.answers[answer.status] ??= {}
    if (answer.json !== undefined)
      operation.answers[answer.status] = {
        ...operation.answers[answer.status],
        [name]: { summary, value: shortened(steady(answer.json)) },
      }
    return answer
  }

  /** Sends a request that is refused, and keeps the refusal as the example of its condition. */
  async function refuse(
    condition: ConditionName,
    method: string,
    url: string,
    sent: Sent = {},
  ): Promise<Answer> {
    const answer = await send(method, url, sent)
    const { status, code } = conditions[condition]
    assert.deepEqual(
      [answer.status, answer.json?.errors[0].error_code],
      [status, code],
      `${url}: ${answer.text}`,
    )
    refusals[condition] ??= { status, body: steady(answer.json) }
    return answer
  }

  return {
    server,
    key,
    show,
    refuse,
    send,
    requestId: steady.requestId,
    recorded: { operations, refusals },
    newKey: (scopes: Scope[], more: { expiresAt?: string; environment?: Environment } = {}) =>
      server.newKey({ environment: 'sandbox', scopes, ...more }),
    close: async () => {
      await server.close()
      clearInterval(alive)
    },
  }
}

const nameOf = (summary: string) =>
  summary
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_|_$/g, '')

const matches = (pattern: string, path: string) => {
  const [expected, given] = [pattern.split('/'), path.split('/')]
  return (
    expected.length === given.length &&
    expected.every((part, at) => part === given[at] || part.startsWith('{'))
  )
}

/** Cuts long lists, since an example shows a shape. */
function shortened(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 2).map(shortened)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shortened(inner)]))
}

const REQUEST_ID = '5b2a1f3c-9d4e-4c6a-8f70-1e2d3c4b5a69'

/** Replaces what is random in answers, each value by the same one wherever it stands. */
function steadyNames(server: TestServer) {
  const known = new Map<string, string>()
  let count = 0
  const digits = (length: number) => `${(count += 1)}`.padStart(length, '0')
  const kinds: [RegExp, (found: string) => string][] = [
    [/(?:TEST_)?hws_[A-Za-z0-9]{12}_[A-Za-z0-9]{43}_[A-Za-z0-9]{6}/g, () => 'TEST_hws_… (shown this once)'],
    [
      /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g,
      () => `0b6f2f5e-6f0e-4d0c-9a53-${digits(12)}`,
    ],
    [/\bse-[0-9a-v]{16}\b/g, () => `se-3eb7iqdmcr9q${digits(4)}`],
    [/\bmsg_[A-Za-z0-9]+/g, () => `msg_2KWPBgLlAfxdpx2AI54pPJ${digits(2)}`],
    // The time of the next check is random.
    [/(?<="next_check_at":")[^"]+/g, () => '2026-02-01T08:11:30.000Z'],
    [/(?<=key:|"(?:api_)?key_id":")[0-9A-Za-z]{12}\b/g, () => `4cXz8mQe${digits(4)}`],
  ]
  const steady = (value: unknown): unknown => {
    let text = JSON.stringify(value)
    const requestId = (value as { request_id?: string } | null)?.request_id
    if (typeof requestId === 'string') known.set(requestId, REQUEST_ID)
    for (const [pattern, make] of kinds)
      text = text.replaceAll(pattern, (found) => {
        const name = known.get(found) ?? make(found)
        known.set(found, name)
        return name
      })
    return JSON.parse(text.replaceAll(server.tenantId, 'se-28529731')) as unknown
  }
  return Object.assign(steady, { requestId: REQUEST_ID })
}
