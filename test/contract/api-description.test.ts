import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { ltlCarriers, parcelCarriers } from '../../src/catalog/index.ts'
import { inlineSharedResponses } from '../support/api-description/check-answers.ts'
import { openTestServer, type TestServer } from '../support/server/test-server.ts'

type Media = {
  schema: object
  examples?: Record<string, { $ref?: string; summary?: string; value?: unknown }>
}
type Operation = {
  operationId: string
  summary: string
  description: string
  tags: string[]
  parameters?: { name: string; in: string; description: string }[]
  requestBody?: { content: Record<string, Media> }
  responses: Record<string, { description: string; headers: object; content?: Record<string, Media> }>
}

/** The answers of these operations are the API description itself. */
const OWN = /^describe_api/

describe('the API description', () => {
  let server: TestServer
  let document: { tags: { name: string; description: string }[]; paths: object; components: any }
  let operations: [name: string, operation: Operation][]
  const ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: true }))

  before(async () => {
    server = await openTestServer('sqlite', { repeatTransactions: false })
    document = inlineSharedResponses((await server.app.inject('/openapi.json')).json())
    operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods as Record<string, Operation>).map(
        ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as [string, Operation],
      ),
    )
    ajv.addSchema({ $id: 'hawser', components: document.components })
  })
  after(() => server.close())

  const without = (lacks: (operation: Operation, name: string) => boolean) =>
    operations.filter(([name, operation]) => lacks(operation, name)).map(([name]) => name)

  test('says of every operation what it does, under a tag that says what it holds', () => {
    assert.ok(operations.length > 150)
    assert.deepEqual(
      without(({ summary, description }) => !summary || !/\w.*\./s.test(description)),
      [],
    )
    const declared = new Set(document.tags.filter((tag) => tag.description !== '').map((tag) => tag.name))
    assert.deepEqual(
      without(({ tags }) => tags.length !== 1 || !tags.every((tag) => declared.has(tag))),
      [],
    )
    assert.deepEqual(
      without(({ parameters = [] }) => parameters.some(({ description }) => !description)),
      [],
    )
  })

  const media = (content: Record<string, Media> | undefined) => content?.['application/json']

  test('has an example for every body, every answer and every refusal', () => {
    const bare = (one: Media | undefined) => one !== undefined && Object.keys(one.examples ?? {}).length === 0
    assert.deepEqual(
      without(({ requestBody }) => bare(media(requestBody?.content))),
      [],
    )
    const answers = operations
      .filter(([, { operationId }]) => !OWN.test(operationId))
      .flatMap(([name, { responses }]) =>
        Object.entries(responses).flatMap(([status, { content }]) =>
          bare(media(content)) ? [`${name} ${status}`] : [],
        ),
      )
    assert.deepEqual(answers, [])
  })

  test('has no example that its own schema refuses', () => {
    const wrong: string[] = []
    const hold = (name: string, one: Media | undefined) => {
      if (!one) return
      const check = ajv.compile(
        JSON.parse(JSON.stringify(one.schema).replaceAll('"#/', '"hawser#/')) as object,
      )
      for (const [title, example] of Object.entries(one.examples ?? {})) {
        const named = document.components.examples[example.$ref?.split('/').at(-1) ?? '']
        if (!check((named ?? example).value)) wrong.push(`${name} ${title}: ${ajv.errorsText(check.errors)}`)
      }
    }
    for (const [name, { requestBody, responses }] of operations) {
      if (/\/v2\/|ltl\/v1/.test(name)) continue
      hold(name, media(requestBody?.content))
      for (const [status, { content }] of Object.entries(responses)) hold(`${name} ${status}`, media(content))
    }
    assert.deepEqual(wrong, [])
  })

  test('names refusals that the operation can answer, and no others', () => {
    const said = (path: string, method: string, status: string) =>
      operations.find(([name]) => name === `${method} ${path}`)?.[1].responses[status]?.description
    assert.doesNotMatch(said('/v1/audit', 'GET', '400') ?? '', /credentials|LTL|manifest|body|terms/)
    assert.equal(said('/v1/audit', 'GET', '404'), undefined)
    assert.match(said('/v1/connections/carriers/{carrier_name}', 'POST', '409') ?? '', /already stands/)
  })

  describe('gives a body for each carrier that the server takes', () => {
    const example = (form: string, name: string) => {
      const { value } = document.components.examples[`${form}_${name}`] ?? {}
      const kind = { connect_carrier: 'connect', update_carrier: 'update', carrier_settings: 'settings' }[
        form
      ]
      const schema = kind ? `${kind}_${name}` : undefined
      if (schema && value) {
        const check = ajv.getSchema(`hawser#/components/schemas/${schema}`)
        assert.ok(check?.(value), `${schema}: ${ajv.errorsText(check?.errors)}`)
      }
      return value as object | undefined
    }

    for (const { name, closed, update, settings } of parcelCarriers.filter((carrier) => !carrier.closed))
      test(name, async () => {
        assert.equal(closed, undefined)
        const path = `/v1/connections/carriers/${name}`
        const body = { ...example('connect_carrier', name), allow_duplicate_account_number: true }
        const { status, text, json } = await server.request('POST', path, { body })
        assert.equal(status, 200, text)
        const one = `${path}/${json.carrier_id}`
        if (update)
          assert.equal(
            (await server.request('PUT', one, { body: example('update_carrier', name)! })).status,
            200,
          )
        if (settings) {
          const changed = await server.request('PUT', `${one}/settings`, {
            body: example('carrier_settings', name)!,
          })
          assert.equal(changed.status, 204, changed.text)
        }
      })

    for (const { scacs, closed, sandbox } of ltlCarriers)
      if (!closed && !sandbox)
        test(scacs[0], async () => {
          const body = example('ltl_credentials', scacs[0])!
          const { status, text } = await server.request('POST', `/v-beta/ltl/connections/${scacs[0]}`, {
            body,
          })
          assert.equal(status, 200, text)
        })
  })

  test('has no schema that breaks the programs that write clients', () => {
    const wrong: string[] = []
    walk(document, '#', (node, place) => {
      const values = node.enum
      if (Array.isArray(values) && new Set(values.map(String)).size < values.length)
        wrong.push(`${place}: values that are one name`)
      if (node.type === 'array' && !node.items) wrong.push(`${place}: a list of nobody knows what`)
      if (Array.isArray(node.anyOf) && node.anyOf.length > 10) wrong.push(`${place}: a choice of too many`)
      if (typeof node.pattern === 'string' && /\\u|\\p\{/.test(node.pattern))
        wrong.push(`${place}: a pattern that some engines do not compile`)
    })
    assert.deepEqual(wrong, [])
    const { nickname } = document.components.schemas.connect_ups.properties
    for (const flags of ['', 'u']) assert.match('Ship \u{1F680}', new RegExp(nickname.pattern, flags))
  })

  test('shows null wherever a form takes it, and every spelling that it takes', () => {
    for (const { name, update, spellings } of parcelCarriers) {
      const shown = document.components.schemas[`update_${name}`]?.properties
      for (const [field, { required }] of Object.entries(update ?? {}))
        assert.equal([shown[field].type].flat().includes('null'), !required, `${name} ${field}`)
      for (const spelling of update ? Object.keys(spellings) : [])
        assert.ok(shown[spelling], `${name} ${spelling}`)
    }
  })

  test('leads from the name of a carrier to its form', () => {
    for (const [form, names] of [
      ['connect_carrier', parcelCarriers.filter(({ closed }) => !closed).map(({ name }) => name)],
      ['update_carrier', parcelCarriers.filter(({ update }) => update).map(({ name }) => name)],
      ['ltl_credentials', ltlCarriers.filter(({ closed }) => !closed).flatMap(({ scacs }) => scacs)],
    ] as const) {
      const { forms } = document.components.schemas[form]['x-hawser-forms']
      assert.deepEqual(Object.keys(forms).sort(), [...names].sort())
      assert.deepEqual(document.components.schemas[`${form}_forms`].properties, forms)
    }
  })
})

function walk(
  node: unknown,
  place: string,
  visit: (node: Record<string, unknown>, place: string) => void,
): void {
  if (Array.isArray(node)) return node.forEach((inner, at) => walk(inner, `${place}/${at}`, visit))
  if (typeof node !== 'object' || node === null) return
  // The value of an example is not a schema.
  if (!place.endsWith('/value')) visit(node as Record<string, unknown>, place)
  for (const [name, inner] of Object.entries(node)) walk(inner, `${place}/${name}`, visit)
}
