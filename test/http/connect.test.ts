import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEveryDatabase } from '../support/harness.ts'

onEveryDatabase('connect', (house) => {
  test('connect: answers an id and nothing else', async () => {
    const { request } = house()
    const answer = await request('POST', '/v1/connections/carriers/stamps_com', {
      body: { nickname: 'n', username: 'u1', password: 'p' },
    })
    assert.equal(answer.status, 200)
    assert.deepEqual(Object.keys(answer.json), ['carrier_id'])
    assert.match(answer.json.carrier_id, /^se-[0-9a-v]{16}$/)
    const list = await request('GET', '/v1/carriers')
    assert.equal(list.json.carriers.length, 1)
  })
})
