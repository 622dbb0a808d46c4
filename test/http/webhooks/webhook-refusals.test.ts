import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unsupportedEvents } from '../../../src/webhooks/events.ts'
import { unique } from '../../support/unique.ts'
import { onEveryDatabase } from '../../support/server/every-database.ts'
import { newSecret, scannerFor } from '../../support/leak-scanner.ts'

const PATH = '/v1/environment/webhooks'
const event = 'carrier_connected'
type Told = { error_code: string; field_name?: string; message: string }

onEveryDatabase('webhooks that are refused', (server) => {
  const send = (method: string, path: string, asked: { body?: unknown; key?: string } = {}) =>
    server().request(method, path, asked)
  const told = (answer: { json: any }) =>
    (answer.json.errors as Told[]).map(({ error_code, field_name }) => [error_code, field_name])
  const url = () => `https://${unique('hooks')}.example/in`
  const events = async () =>
    (await send('GET', '/v1/audit?page_size=500')).json.events.map(
      ({ action, fields }: { action: string; fields: string[] }) => [action, fields],
    )

  test('a webhook that is not as it must be is refused with every bad field, by name and never by value', async () => {
    const secret = newSecret()
    const header = (key: unknown, value: unknown) => ({ event, url: url(), headers: [{ key, value }] })
    const refusals: [body: unknown, expected: (string | undefined)[][]][] = [
      [
        {},
        [
          ['field_value_required', 'event'],
          ['field_value_required', 'url'],
        ],
      ],
      [
        { event: 7, url: '' },
        [
          ['invalid_field_value', 'event'],
          ['field_value_required', 'url'],
        ],
      ],
      [{ event: secret, url: url() }, [['invalid_field_value', 'event']]],
      ...unsupportedEvents.map((name): [unknown, string[][]] => [
        { event: name, url: url() },
        [['invalid_field_value', 'event']],
      ]),
      ...[
        `http://${secret}.example/`,
        `ftp://${secret}.example/`,
        `https://`,
        `https:${secret}.example`,
        `https://u:${secret}@hooks.example/`,
        `https://${secret}@hooks.example/`,
        `https://hooks.example/ ${secret}`,
        `https:\\\\hooks.example`,
        `https://[${secret}]/`,
        `//hooks.example/`,
        secret,
      ].map((address): [unknown, string[][]] => [{ event, url: address }, [['invalid_field_value', 'url']]]),
      [{ event, url: `https://a.example/${'x'.repeat(2_000)}` }, [['invalid_string_length', 'url']]],
      [{ event, url: ['https://a.example/'] }, [['invalid_field_value', 'url']]],
      [{ event, url: url(), name: 'x'.repeat(101) }, [['invalid_string_length', 'name']]],
      [{ event, url: url(), store_id: '7' }, [['invalid_field_value', 'store_id']]],
      [{ event, url: url(), store_id: 2 ** 31 }, [['invalid_field_value', 'store_id']]],
      [{ event, url: url(), [secret]: 1 }, [['invalid_field_value', undefined]]],
      [{ event, url: url(), webhook_id: 'se-1' }, [['invalid_field_value', undefined]]],
      [{ event, url: url(), headers: { a: 'b' } }, [['invalid_field_value', 'headers']]],
      [{ event, url: url(), headers: [secret] }, [['invalid_field_value', 'headers.0']]],
      [
        { event, url: url(), headers: Array(21).fill({ key: 'a', value: 'b' }) },
        [['invalid_field_value', 'headers']],
      ],
      [header(undefined, 'v'), [['field_value_required', 'headers.0.key']]],
      [header('', 'v'), [['field_value_required', 'headers.0.key']]],
      [header('x-a', undefined), [['field_value_required', 'headers.0.value']]],
      [header('x a', 'v'), [['invalid_field_value', 'headers.0.key']]],
      [header('x:a', 'v'), [['invalid_field_value', 'headers.0.key']]],
      [header('x-a', `v\r\nx-b: ${secret}`), [['invalid_field_value', 'headers.0.value']]],
      [header('x-a', 7), [['invalid_field_value', 'headers.0.value']]],
      [header('x'.repeat(101), 'v'), [['invalid_string_length', 'headers.0.key']]],
      [header('x-a', 'v'.repeat(2_001)), [['invalid_string_length', 'headers.0.value']]],
      ...[
        ...['Host', 'Content-Type', 'content-length', 'Content-Encoding', 'Transfer-Encoding', 'Connection'],
        ...['webhook-id', 'Webhook-Signature', 'webhook-timestamp', 'User-Agent', 'Proxy-Authorization'],
      ].map((key): [unknown, string[][]] => [header(key, 'v'), [['invalid_field_value', 'headers.0.key']]]),
      [
        {
          event,
          url: url(),
          headers: [
            { key: 'X-A', value: 'b' },
            { key: 'x-a', value: 'c' },
          ],
        },
        [['field_conflict', 'headers.1.key']],
      ],
      [
        { event, url: url(), headers: [{ key: 'x-a', value: 'b', [secret]: secret }] },
        [['invalid_field_value', 'headers.0']],
      ],
    ]
    const before = await events()
    const scanner = scannerFor([secret])
    for (const [body, expected] of refusals) {
      const answer = await send('POST', PATH, { body })
      assert.equal(answer.status, 400, JSON.stringify(body))
      assert.deepEqual(told(answer), expected, JSON.stringify(body))
      assert.equal(scanner.scan(answer.text), undefined)
    }
    const raw = await server().request('POST', PATH, { raw: '[]' })
    assert.deepEqual(told(raw), [['invalid_object', undefined]])
    assert.deepEqual((await send('GET', PATH)).json, [])
    assert.deepEqual(await events(), before)
  })
})
