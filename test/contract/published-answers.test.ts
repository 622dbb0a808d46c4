import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { before, test } from 'node:test'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { onEveryDatabase } from '../support/server/every-database.ts'
import { newLabel, newShipper, type Shipper } from '../support/shipments/labels.ts'
import { toJsonSchema } from '../support/api-description/json-schema.ts'

// The description on npm is from 2020. Answers may have members that were published later, so the tests accept members that it does not name.
const published = createRequire(import.meta.url).resolve('shipengine-openapi/openapi.json')
const { paths } = JSON.parse(readFileSync(published, 'utf8'))
const ajv = addFormats
  .default(new Ajv2020({ strict: false, allErrors: true }))
  .addFormat('url', (text: string) => URL.canParse(text))

const schemaOf = (method: string, path: string, status: number): ValidateFunction =>
  ajv.compile(
    toJsonSchema(
      paths[path][method.toLowerCase()].responses[status].content['application/json'].schema,
    ) as object,
  )

onEveryDatabase(
  'the published description of the API',
  (server) => {
    let shipper: Shipper
    let ids: { carrier_id: string; label_id: string; manifest_id: string }
    let recorded: unknown
    before(async () => {
      shipper = await newShipper(server())
      const carrier_id = await shipper.connect()
      const whole = { warehouse_id: 'se-12', service_code: 'usps_priority_mail', external_shipment_id: '1' }
      const { json } = await shipper.record(
        newLabel(carrier_id, whole),
        // The public pages show manifests with `null` instead of a warehouse, which the description does not allow.
        newLabel(carrier_id, { warehouse_id: 'se-13' }),
        newLabel(carrier_id),
        newLabel(carrier_id, { status: 'voided' }),
        newLabel(carrier_id, { status: 'processing' }),
      )
      const [label_id, other] = json.results.map((result: { label_id: string }) => result.label_id)
      const manifest = { carrier_id, label_ids: [label_id], submission_id: '7' }
      recorded = (await shipper.send('POST', '/v1/manifests/import', { body: manifest })).json
      await shipper.send('POST', '/v1/manifests/import', { body: { carrier_id, label_ids: [other] } })
      ids = { carrier_id, label_id, manifest_id: (recorded as { manifest_id: string }).manifest_id }
    })

    const holds = (check: ValidateFunction, answer: unknown) =>
      assert.ok(check(answer), ajv.errorsText(check.errors))

    for (const path of [
      '/v1/labels',
      '/v1/labels/{label_id}',
      '/v1/manifests',
      '/v1/manifests/{manifest_id}',
    ])
      test(`GET ${path} answers as published`, async () => {
        const url = path.replace(/\{(\w+)\}/, (_, name: keyof typeof ids) => ids[name])
        const { status, json } = await shipper.send('GET', url)
        assert.equal(status, 200)
        holds(schemaOf('GET', path, 200), json)
      })

    test('the answer to a recorded manifest is that of a manifest that was made', () => {
      holds(schemaOf('POST', '/v1/manifests', 200), recorded)
    })

    for (const [method, path] of [
      ['POST', '/v1/manifests'],
      ['PUT', '/v1/labels/{label_id}/void'],
    ] as const)
      test(`${method} ${path} is refused in the published envelope`, async () => {
        const url = path.replace('{label_id}', ids.label_id)
        const { status, json } = await shipper.send(method, url, { body: {} })
        assert.equal(status, 400)
        holds(schemaOf(method, path, 400), json)
      })
  },
  { env: { HAWSER_VERIFICATION: 'off' } },
)
