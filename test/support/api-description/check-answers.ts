import assert from 'node:assert/strict'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { FastifyInstance } from 'fastify'
import { OUTCOMES } from '../../../src/catalog/verification.ts'
import { conditions, type ConditionName } from '../../../src/errors.ts'

type DescribedAnswer = {
  headers: Record<string, object>
  content?: Record<string, { schema: object }>
  'x-hawser-conditions'?: ConditionName[]
}
type Documented = { responses: Record<string, DescribedAnswer> }
type Document = {
  paths: Record<string, Record<string, Documented>>
  components: { responses: Record<string, DescribedAnswer> }
}

type Answered = { status: number; headers: Record<string, unknown>; text: string; json: unknown }

/** Fails when an answer is not what the API description says of its route. */
export type AnswerCheck = (method: string, url: string, answer: Answered) => void

/** Reads the description that the server itself gives, and holds answers against it. */
export async function answerCheck(app: FastifyInstance): Promise<AnswerCheck> {
  const isDescribed = await describedCheck(app)
  return (method, url, answer) => {
    assert.match(
      String(answer.headers['x-shipengine-requestid']),
      /^[0-9a-f-]{36}$/,
      'every answer has a request id',
    )
    if (answer.status >= 400 && method !== 'HEAD') {
      const body = answer.json as { request_id?: string } | undefined
      assert.equal(body?.request_id, answer.headers['x-shipengine-requestid'], 'the request ids agree')
      checkReasons(answer)
    }
    isDescribed(method, url, answer)
  }
}

/** Checks the headers by which programs tell refusals of one public code apart. */
function checkReasons({ status, headers, json }: Answered): void {
  const { errors } = json as { errors: { error_code: string }[] }
  const condition = conditions[headers['hawser-condition'] as ConditionName]
  if (status === 409 || status === 412) assert.equal(condition?.status, status, 'the condition is named')
  else assert.equal(headers['hawser-condition'], undefined)
  if (errors[0]?.error_code === 'verification_failure')
    assert.ok([...OUTCOMES, 'unasked'].includes(String(headers['hawser-outcome'])), 'the outcome is named')
}

async function describedCheck(app: FastifyInstance): Promise<AnswerCheck> {
  const document = inlineSharedResponses((await app.inject('/openapi.json')).json<Document>())
  const ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: true }))
  ajv.addSchema({ $id: 'hawser', components: document.components })
  const compiled = new Map<string, ValidateFunction>()
  const inDocument = (schema: object) =>
    JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"hawser#/')) as object
  return (method, url, { status, headers, text, json }) => {
    const path = (url.split('?', 1)[0] ?? '').replace(/(?<=.)\/$/, '')
    const pattern = Object.keys(document.paths).find((candidate) => matches(candidate, path))
    const documented = pattern === undefined ? undefined : document.paths[pattern]?.[method.toLowerCase()]
    if (!documented) return
    const response = documented.responses[status] ?? documented.responses.default
    assert.ok(
      documented.responses[status],
      `${method} ${pattern} answers ${status}, which its description does not name`,
    )
    const name = `${method} ${pattern} ${status}`
    requireDescribedHeaders(name, headers, response)
    const schema = response?.content?.['application/json']?.schema
    if (!schema) {
      if (!response?.content) assert.equal(text, '', `${name} has a body`)
      return
    }
    if (status >= 400) requireDescribedConditions(name, json as Refusal, documented)
    const check = compiled.get(name) ?? ajv.compile(inDocument(schema))
    compiled.set(name, check)
    assert.ok(check(json), `${name} is not as described: ${ajv.errorsText(check.errors)}`)
  }
}

/** These headers speak of the message and of its TCP connection, and no description names them. */
const OF_THE_MESSAGE = new Set([
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'transfer-encoding',
  'vary',
])

function requireDescribedHeaders(
  name: string,
  headers: Answered['headers'],
  described: DescribedAnswer | undefined,
) {
  const known = new Set(Object.keys(described?.headers ?? {}).map((header) => header.toLowerCase()))
  const unknown = Object.keys(headers).filter((header) => !known.has(header) && !OF_THE_MESSAGE.has(header))
  assert.deepEqual(unknown, [], `${name} has headers that its description does not name`)
}

type Refusal = { errors: { error_code: string; error_source: string; message: string }[] }

/** Requires that the description names every error of a refusal; an answer with several errors has the status of the first. */
function requireDescribedConditions(name: string, { errors }: Refusal, { responses }: Documented) {
  const known = Object.values(responses)
    .flatMap((response) => response['x-hawser-conditions'] ?? [])
    .map((condition) => conditions[condition])
  for (const { error_code, error_source, message } of errors)
    assert.ok(
      known.some(({ code, source }) => code === error_code && source === error_source),
      `${name} refuses as ${error_code}, which its description does not name: ${message}`,
    )
}

/** Replaces the references to shared answers by the answers themselves. */
export function inlineSharedResponses<
  D extends { paths: object; components: { responses: Record<string, object> } },
>(document: D): D {
  const operations = Object.values(document.paths).flatMap((methods: object) => Object.values(methods)) as {
    responses: Record<string, { $ref?: string }>
  }[]
  for (const { responses } of operations)
    for (const [status, { $ref }] of Object.entries(responses))
      if ($ref) responses[status] = document.components.responses[$ref.split('/').at(-1) ?? ''] as object
  return document
}

function matches(pattern: string, path: string): boolean {
  const expected = pattern.split('/')
  const given = path.split('/')
  return (
    expected.length === given.length &&
    expected.every((part, at) => part === given[at] || part.startsWith('{'))
  )
}
