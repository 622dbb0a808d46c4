import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { KNOWN_PATHS } from '../../scripts/api-description/ambiguous-paths.ts'
import { listApiProblems } from '../../scripts/api-description/api-problems.ts'

const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } }

/** Makes a description without problems, in which the members of `changes` replace its own. */
function describeWith(changes: { operation?: object; paths?: object; components?: object } = {}) {
  const operation = {
    operationId: 'read_one',
    summary: 'One',
    description: 'One of them.',
    tags: ['Things'],
    security: [{ api_key: [] }],
    parameters: [id],
    responses: { 200: { description: 'Done.' }, 404: { description: 'It is not there.' } },
    ...changes.operation,
  }
  return JSON.stringify({
    openapi: '3.1.0',
    info: {
      title: 'Things',
      version: '1',
      description: 'Things.',
      contact: { name: 'n', url: 'https://example.org', email: 'n@example.org' },
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [{ name: 'Things', description: 'Things.' }],
    paths: { '/things/{id}': { get: operation }, ...changes.paths },
    components: {
      securitySchemes: { api_key: { type: 'apiKey', in: 'header', name: 'API-Key' } },
      ...changes.components,
    },
  })
}

const rulesOf = async (text: string, known: Parameters<typeof listApiProblems>[1] = []) =>
  [...new Set((await listApiProblems(text, known)).map(({ rule }) => rule))].sort()

const answer = (schema: object, value: unknown) => ({
  200: { description: 'Done.', content: { 'application/json': { schema, examples: { one: { value } } } } },
  404: { description: 'It is not there.' },
})

test('a description with a fault is told by the rule that it breaks, and one without is passed', async () => {
  assert.deepEqual(await rulesOf(describeWith({ operation: { description: undefined, tags: [] } })), [
    'operation-description',
    'operation-tags',
  ])
  assert.deepEqual(await rulesOf(describeWith({ operation: { parameters: [] } })), [
    'path-parameters-defined',
    'path-params',
  ])
  assert.deepEqual(await rulesOf(describeWith({ components: { schemas: { Unused: { type: 'string' } } } })), [
    'no-unused-components',
    'oas3-unused-component',
  ])
  assert.deepEqual(await rulesOf(describeWith()), [])
})

test('an example that its schema refuses is found in each place, also where the pair was seen before', async () => {
  const { paths } = JSON.parse(
    describeWith({ operation: { responses: answer({ type: 'object', properties: {} }, 'a text') } }),
  ) as { paths: Record<string, { get: object }> }
  const twice = {
    '/things/{id}': paths['/things/{id}'],
    '/others/{id}': { get: { ...paths['/things/{id}']?.get, operationId: 'read_other' } },
  }
  const wrong = (await listApiProblems(describeWith({ paths: twice }), [])).filter(
    ({ rule }) => rule === 'oas3-valid-media-example',
  )
  assert.deepEqual(wrong.map(({ pointer }) => pointer.split('/')[2]).sort(), [
    '~1others~1{id}',
    '~1things~1{id}',
  ])
  const sound = answer({ type: 'string' }, 'a text')
  assert.deepEqual(await rulesOf(describeWith({ operation: { responses: sound } })), [])
})

test('two paths that collide are passed only where they are known, and a known pair that is not there is told', async () => {
  const named = { ...id, name: 'name' }
  const paths: [string, string] = ['/things/{id}', '/{name}/all']
  const text = describeWith({
    paths: {
      '/{name}/all': {
        get: {
          ...{ operationId: 'read_all', summary: 'All', description: 'All of them.', tags: ['Things'] },
          ...{ security: [{ api_key: [] }], parameters: [named] },
          responses: { 200: { description: 'Done.' }, 404: { description: 'It is not there.' } },
        },
      },
    },
  })
  const reason = 'It is made up.'
  assert.deepEqual(await rulesOf(text), ['no-ambiguous-paths'])
  assert.deepEqual(await rulesOf(text, [{ paths: ['/things/{id}', '/{name}/other'], reason }]), [
    'no-ambiguous-paths',
    'unused-exception',
  ])
  assert.deepEqual(await rulesOf(text, [{ paths, reason }]), [])
  assert.deepEqual(await rulesOf(describeWith(), [{ paths, reason }]), ['unused-exception'])
  assert.ok(KNOWN_PATHS.every((pair) => pair.reason.endsWith('.')))
})

test('a reference that leads out of the description is told, and nobody is asked for it', async () => {
  let asked = 0
  const server = createServer((_, response) => {
    asked += 1
    response.end('{}')
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const schema = { $ref: `http://127.0.0.1:${port}/schema.json` }
  assert.deepEqual(await rulesOf(describeWith({ operation: { responses: answer(schema, {}) } })), [
    'outward-reference',
  ])
  server.close()
  assert.equal(asked, 0)
})

test('the command names file, place, rule and message of a fault, and ends with 1', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-lint-'))
  const file = join(folder, 'things.json')
  writeFileSync(file, describeWith({ operation: { description: '' } }))
  const ended = await new Promise<{ code: unknown; told: string }>((resolve) =>
    execFile(process.execPath, ['scripts/lint-api.ts', file], (error, _, told) =>
      resolve({ code: error?.code, told }),
    ),
  )
  rmSync(folder, { recursive: true })
  assert.equal(ended.code, 1)
  const first = ended.told.split('\n').find((line) => line.includes('operation-description'))
  assert.ok(first?.startsWith(`${file}:#/paths/~1things~1{id}/get`), ended.told)
  assert.match(first ?? '', /: operation-description: \S/)
})
