import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { firstDifferences } from '../../scripts/record-wire/compare.ts'
import { stableText } from '../../scripts/record-wire/stable-text.ts'

const script = fileURLToPath(new URL('../../scripts/record-wire.ts', import.meta.url))
const ONE = 'se-3eb7iqdmcr9q0001'
const OTHER = 'se-4fc8jrencs0r0002'
const answer = (id: string, at: string) => `{"carrier_id":"${id}","of":"${id}","created_at":"${at}"}`

test('wire record: ids and times of a run are no difference, and what stands for what is one', () => {
  const [first, second, mixed] = [stableText(), stableText(), stableText()]
  const record = first(answer(ONE, '2026-01-31T09:30:00.123Z'))
  assert.equal(record, '{"carrier_id":"<id-1>","of":"<id-1>","created_at":"<time>"}')
  assert.equal(second(answer(OTHER, '2026-02-01T10:31:01.456Z')), record)
  assert.notEqual(mixed(answer(ONE, '2026-01-31T09:30:00.123Z').replace(ONE, OTHER)), record)
  assert.notEqual(stableText()(answer(ONE, 'never')), record)
})

test('wire record: a line that differs is found with its request, and so is one that is not there', () => {
  const record = 'GET /a -> 200 []\nGET /b -> 200 []\n'
  assert.deepEqual(firstDifferences(record, record), [])
  const [difference, ...others] = firstDifferences(record, record.replace('b -> 200', 'b -> 404'))
  assert.deepEqual([difference?.line, others], [2, []])
  assert.match(difference?.after ?? '', /404/)
  assert.equal(firstDifferences(record, 'GET /a -> 200 []\n').length, 2)
  assert.equal(firstDifferences('a\nb\nc', 'd\ne\nf', 2).length, 2)
})

test('wire record: the script ends with 1 where two records differ, and with 0 where they are the same', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'hawser-wire-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const [before, after] = [join(directory, 'before'), join(directory, 'after')]
  writeFileSync(before, 'GET /a -> 200 {}\n')
  writeFileSync(after, 'GET /a -> 200 {"more":1}\n')
  const compare = (...files: string[]) =>
    spawnSync(process.execPath, [script, '--compare', ...files], { encoding: 'utf8' })
  assert.equal(compare(before, before).status, 0)
  const { status, stdout } = compare(before, after)
  assert.equal(status, 1)
  assert.match(stdout, /line 1: GET \/a[^]*- .*\n\+ .*"more"/)
})
