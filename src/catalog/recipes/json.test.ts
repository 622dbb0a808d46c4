import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Reply } from '../verification.ts'
import { jsonPart, readJson, valuesAt } from './json.ts'

test('a path names members, and each element of a list', () => {
  const body = { a: { b: 1 }, list: [{ code: 'x' }, { code: 2 }, { other: 3 }, null], flag: false }
  assert.deepEqual(valuesAt(body, 'a.b'), ['1'])
  assert.deepEqual(valuesAt(body, 'list[].code'), ['x', '2'])
  assert.deepEqual(valuesAt(body, 'flag'), ['false'])
  assert.deepEqual(valuesAt([{ code: 'x' }, { code: 'y' }], '[].code'), ['x', 'y'])
  assert.deepEqual(valuesAt({ a: [{ b: ['1', '2'] }, { b: ['3'] }] }, 'a[].b[]'), ['1', '2', '3'])
})

test('what is not there, is not a value, or is only inherited has no values', () => {
  assert.deepEqual(valuesAt({ a: { b: null, c: {}, d: [] } }, 'a.b'), [])
  for (const path of ['a', 'a.c', 'a.d', 'a[].b', 'a.b.c', 'x.y', 'toString', 'constructor.name'])
    assert.deepEqual(valuesAt({ a: { b: null, c: {}, d: [] } }, path), [], path)
  for (const body of [null, undefined, 1, 'text', [], true]) assert.deepEqual(valuesAt(body, 'a.b'), [])
  assert.deepEqual(valuesAt({ code: 'x' }, '[].code'), [])
})

test('a body that is no JSON has no value', () => {
  const read = (body: string) => readJson({ status: 200, headers: {}, body })
  assert.equal(read(''), undefined)
  assert.equal(read('<a/>'), undefined)
  assert.equal(read('{"a":1'), undefined)
  assert.deepEqual(read('{"a":1}'), { a: 1 })
})

const multipart = (type: string, ...parts: string[]): Reply => ({
  status: 200,
  headers: { 'content-type': type },
  body: parts.map((part) => `--uuid:1\r\n${part}\r\n`).join('') + '--uuid:1--\r\n',
})

test('the JSON part of a multipart reply is found wherever it stands', () => {
  const pdf = 'Content-Type: application/octet-stream\r\nContent-ID: <label>\r\n\r\n%PDF application/json'
  const json =
    'Content-Type: application/json;charset=UTF-8\r\nContent-ID: <jsonInfos>\r\n\r\n{"a":"\\r\\n\\r\\n"}'
  for (const type of ['multipart/mixed; boundary="uuid:1"', 'Multipart/Related;boundary=uuid:1; start="x"'])
    for (const parts of [[json], [pdf, json], [json, pdf]]) {
      const part = jsonPart(multipart(type, ...parts))
      assert.deepEqual(readJson(part), { a: '\r\n\r\n' })
      assert.equal(part.status, 200)
    }
})

test('a multipart reply without a JSON part has no body, and any other reply is left as it is', () => {
  const plain = 'Content-Type: text/plain\r\n\r\n{"a":1}'
  assert.equal(jsonPart(multipart('multipart/mixed; boundary=uuid:1', plain)).body, '')
  const reply = { status: 200, headers: { 'content-type': 'application/json' }, body: '{"a":1}' }
  assert.equal(jsonPart(reply), reply)
  assert.equal(jsonPart({ ...reply, headers: {} }).body, '{"a":1}')
})
