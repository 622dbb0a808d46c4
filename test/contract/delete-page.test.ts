import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { before, test } from 'node:test'
import { findCarrier } from '../../src/catalog/find-carrier.ts'
import { sendRawRequest } from '../support/server/send-raw-request.ts'
import { bodyFor } from '../support/carriers/generate-body.ts'
import { onEveryDatabase } from '../support/server/every-database.ts'
import { importManifest, openLabels } from '../support/shipments/import-labels.ts'

/**
 * These tests follow the public page "Delete a Carrier Connection", from its request to its two warnings: manifest open shipments before you delete,
 * and a reconnected account has a new `carrier_id`. `REQUEST` has the request as the page prints it.
 */
const REQUEST = `DELETE /v1/connections/carriers/{carrier_name}/{carrier_id} HTTP/1.1
Host: api.shipengine.com
API-Key: {api_key}
`

/** These carriers show each need of manifests, with a delete policy and the status of the page's request while a shipment is open. */
const PAGES = [
  { carrier: 'couriers_please', manifests: 'are required', policy: 'warn', status: 409 },
  { carrier: 'sendle', manifests: 'are not required', policy: 'refuse', status: 204 },
  { carrier: 'apc', manifests: 'are unknown and the account warns', policy: 'warn', status: 204 },
  { carrier: 'apc', manifests: 'are unknown and the account refuses', policy: 'refuse', status: 409 },
]

onEveryDatabase(
  'the page "Delete a Carrier Connection"',
  (server) => {
    let port: number
    before(async () => {
      await server().app.listen({ host: '127.0.0.1', port: 0 })
      port = (server().app.server.address() as AddressInfo).port
    })

    for (const { carrier, manifests, policy, status } of PAGES)
      test(`where manifests ${manifests}, a delete with an open shipment answers ${status}`, async () => {
        const body = bodyFor(findCarrier(carrier)?.connect ?? {})
        const connect = async () =>
          (await server().request('POST', `/v1/connections/carriers/${carrier}`, { body })).json
            .carrier_id as string
        await server().request('PUT', '/v1/connections/delete_policy', { body: { open_shipments: policy } })
        const id = await connect()
        const request = REQUEST.replace('{carrier_name}', carrier)
          .replace('{carrier_id}', id)
          .replace('{api_key}', server().key)
        const numbers = await openLabels(server(), id, 2)
        const first = await sendRawRequest(port, request)
        assert.ok(first.startsWith(`HTTP/1.1 ${status} `), first)
        if (status === 409) {
          assert.match(first, /"error_code":"invalid_status","message":"There are 2 open shipments at /)
          assert.ok(first.includes(`/v1/labels?carrier_id=${id}&open=true`))
          const says = manifests.includes('required')
            ? 'The carrier requires'
            : 'The delete policy of the account'
          assert.ok(first.includes(says), first)
          assert.equal((await importManifest(server(), id, numbers)).status, 200)
        }
        const last = status === 409 ? await sendRawRequest(port, request) : first
        assert.ok(last.startsWith('HTTP/1.1 204 No Content'), last)
        assert.equal(last.slice(last.indexOf('\r\n\r\n') + 4), '')
        const told = last.toLowerCase().includes('hawser-notice: open_shipments')
        assert.equal(told, status === 204 && manifests.includes('warns'))
        assert.notEqual(await connect(), id)
      })
  },
  { env: { HAWSER_VERIFICATION: 'off' } },
)
