import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Material } from '../verification.ts'
import { operatorAccount } from './operator-account.ts'
import { probeStep, readReply } from './probe.ts'

const material: Material = { values: { id: 'a/b' }, operator: {}, at: new Date(0), requestId: 'r' }
const reply = (body: string) => ({ status: 200, headers: {}, body })

test('a probe asks with GET; one with a body posts it', () => {
  const probe = { headers: () => ({ key: 'k' }), format: 'json' as const, rules: [] }
  const url = ({ values }: Material) => `https://carrier.example/${encodeURIComponent(String(values.id))}`
  assert.deepEqual(probeStep({ ...probe, url }).call(material), {
    method: 'GET',
    url: 'https://carrier.example/a%2Fb',
    headers: { key: 'k' },
  })
  const posted = probeStep({ ...probe, url: 'https://carrier.example/', body: () => '{}' }).call(material)
  assert.deepEqual([posted.method, posted.body], ['POST', '{}'])
})

test('codes and facts stand at paths of JSON, or in XML elements of any prefix', () => {
  const json = readReply(
    reply('{"errors":[{"code":"A"},{"code":2},{}],"ok":true}'),
    'json',
    ['errors[].code'],
    ['ok', 'none'],
  )
  assert.deepEqual(json?.codes, ['A', '2'])
  assert.deepEqual(json?.facts, { ok: 'true', none: undefined })
  const xml = readReply(reply('<r xmlns:x="y"><x:Code> 7 </x:Code><Part/></r>'), 'xml', ['Code'], ['Part'])
  assert.deepEqual(xml?.codes, ['7'])
  assert.deepEqual(xml?.facts, { Part: '' })
})

test('a reply in another format is not read', () => {
  assert.equal(readReply(reply('<a/>'), 'json', []), undefined)
  assert.equal(readReply(reply('{}'), 'xml', []), undefined)
  assert.equal(readReply(reply('5'), 'json', []), undefined)
  assert.equal(readReply(reply('<!DOCTYPE a><a/>'), 'xml', []), undefined)
})

test('an account under the operator’s token: both calls go out in the operator’s name, to their own hosts', () => {
  const { hosts, steps } = operatorAccount({
    source: 'https://carrier.example/',
    needs: ['id'],
    login: 'id',
    operator: ['client'],
    token: { url: 'https://login.example/token', token: ['t'], lifetime: 0, rules: [] },
    account: { url: 'https://api.example/quote', headers: () => ({}), format: 'json', rules: [] },
  })
  assert.deepEqual(hosts, ['login.example', 'api.example'])
  assert.deepEqual(
    steps.map(({ asOperator }) => asOperator),
    [true, true],
  )
})
