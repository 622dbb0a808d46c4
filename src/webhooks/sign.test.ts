import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { newSigningSecret, signatureHeaders } from './sign.ts'

const at = new Date()
const body = '{"type":"connection.updated","data":{"carrier_id":"se-1","name":"é"}}'

test('a secret is whsec_ and 32 bytes in base64, and never the same twice', () => {
  const secrets = Array.from({ length: 100 }, newSigningSecret)
  for (const secret of secrets) {
    assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
    assert.equal(Buffer.from(secret.slice(6), 'base64').length, 32)
  }
  assert.equal(new Set(secrets).size, 100)
})

test('the public verifier takes the signature, and refuses it with anything altered', () => {
  const secret = newSigningSecret()
  const headers = signatureHeaders([secret], { id: 'msg_1', at, body })
  const verifier = new Webhook(secret)
  assert.deepEqual(verifier.verify(body, headers), JSON.parse(body))
  const altered: [string, Record<string, string>][] = [
    [`${body} `, headers],
    [body.replace('se-1', 'se-2'), headers],
    [body, { ...headers, 'webhook-id': 'msg_2' }],
    [body, { ...headers, 'webhook-timestamp': `${Number(headers['webhook-timestamp']) + 1}` }],
    [body, { ...headers, 'webhook-signature': `${headers['webhook-signature']}`.replace('v1,', 'v2,') }],
  ]
  for (const [text, sent] of altered) assert.throws(() => verifier.verify(text, sent))
  assert.throws(() => new Webhook(newSigningSecret()).verify(body, headers), 'another endpoint’s secret')
})

test('the signature is what the specification says, computed twice', () => {
  const key = Buffer.alloc(32, 5)
  const headers = signatureHeaders([`whsec_${key.toString('base64')}`], {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    at: new Date(1_614_265_330_999),
    body: '{"test": 2432232314}',
  })
  const signed = 'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'
  assert.deepEqual(headers, {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
  })
})
