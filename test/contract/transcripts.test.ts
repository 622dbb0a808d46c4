import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { before, test } from 'node:test'
import { connectBodies } from '../support/connections/connect-bodies.ts'
import { sendRawRequest } from '../support/server/send-raw-request.ts'
import { onEveryDatabase } from '../support/server/every-database.ts'

/**
 * These files have the requests and answers of the three public pages, each in the folder of its page: "Update a Carrier Connection",
 * "Update LTL Carrier Accounts" and "Delete a Carrier Connection". They have the examples as the pages print them,
 * and for each carrier in the tables of a page an example with every field.
 */
const files = globSync('test/contract/*/*.http').sort()

onEveryDatabase('the public pages', (server) => {
  let port: number
  before(async () => {
    await server().app.listen({ host: '127.0.0.1', port: 0 })
    port = (server().app.server.address() as AddressInfo).port
  })

  for (const file of files)
    test(`${file} is answered as documented`, async () => {
      const [, request = '', expected = ''] =
        /^([^]*?)\n(HTTP\/1\.1 [^]*)$/.exec(readFileSync(file, 'utf8')) ?? []
      const carrierId = await connected(request)
      const fill = (text: string) =>
        text.replaceAll('{carrier_id}', carrierId).replaceAll('{api_key}', server().key)
      const answer = await sendRawRequest(port, fill(request))
      const [status, ...lines] = fill(expected).split('\n')
      assert.ok(answer.startsWith(status ?? '-'), answer)
      const body = lines.join('\n').trim()
      const given = answer.slice(answer.indexOf('\r\n\r\n') + 4)
      if (body === '') assert.equal(given, '')
      else {
        const requestId = /x-shipengine-requestid: (.{36})/i.exec(answer)?.[1] ?? ''
        assert.deepEqual(JSON.parse(given), JSON.parse(body.replaceAll('{request_id}', requestId)))
      }
    })

  async function connected(request: string): Promise<string> {
    const [, prefix = '', carrier = ''] = /^\w+ (\/.*)\/(\w+)\/\{carrier_id\}/.exec(request) ?? []
    const parcel = {
      ...connectBodies[carrier as keyof typeof connectBodies],
      allow_duplicate_account_number: true,
    }
    const body = prefix.includes('ltl') ? { credentials: { key: 'old', account_number: 'old' } } : parcel
    const answer = await server().request('POST', `${prefix}/${carrier}`, { body })
    assert.equal(answer.status, 200, answer.text)
    return answer.json.carrier_id
  }
})
