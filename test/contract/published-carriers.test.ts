import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { parcelCarriers } from '../../src/catalog/index.ts'
import { bodyFor } from '../support/carriers/generate-body.ts'
import { onEveryDatabase } from '../support/server/every-database.ts'
import { toJsonSchema } from '../support/api-description/json-schema.ts'

const published = createRequire(import.meta.url).resolve('shipengine-openapi/openapi.json')
const { paths } = JSON.parse(readFileSync(published, 'utf8'))
const ajv = new Ajv2020({ strict: false, allErrors: true })

const schemaOf = (path: string): ValidateFunction => {
  const { schema } = paths[path].get.responses[200].content['application/json']
  return ajv.compile(toJsonSchema(schema) as object)
}

/** This pattern matches what the description forbids and recorded answers of the public API nevertheless have: `null` in these members, and a code where an id should be. */
const RECORDED =
  /\/(package_id|default_value|account_number) must be string$|\/(carrier|package)_code must match pattern/

onEveryDatabase('the published carrier', (server) => {
  const get = (path: string) => server().request('GET', path)

  for (const carrier of parcelCarriers.filter(({ closed }) => !closed))
    test(`${carrier.name}: every answer holds to its published schema, with no null that it does not allow`, async () => {
      const body = { ...bodyFor(carrier.connect), allow_duplicate_account_number: true }
      const made = await server().request('POST', `/v1/connections/carriers/${carrier.name}`, { body })
      assert.equal(made.status, 200, made.text)
      const at = `/v1/carriers/${made.json.carrier_id}`
      for (const part of ['', '/services', '/packages', '/options']) {
        const holds = schemaOf(`/v1/carriers/{carrier_id}${part}`)
        const { json } = await get(`${at}${part}`)
        holds(json)
        const broken = (holds.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
        assert.deepEqual(
          broken.filter((error) => !RECORDED.test(error)),
          [],
          part,
        )
        for (const { dimensions, description } of json.packages ?? [])
          assert.deepEqual([dimensions, typeof description], [undefined, 'string'])
        for (const { description } of json.options ?? []) assert.equal(typeof description, 'string')
      }
    })
})
