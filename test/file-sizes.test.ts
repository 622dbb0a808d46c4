import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'

const GENERATED = new Set(['test/contract/public-api.d.ts'])
const files = globSync('{test,scripts,bench}/**/*.ts').filter((file) => !GENERATED.has(file))
const linesOf = (text: string) => text.split('\n').length - 1
const tooLong = (read: (file: string) => string) => files.filter((file) => linesOf(read(file)) > 400)
const tooFull = (names: readonly string[]) =>
  [...Map.groupBy(names, (file) => dirname(file))]
    .filter(([, inside]) => inside.length > 16)
    .map(([room]) => room)

test('tests and scripts: no file has more than 400 lines', () => {
  assert.deepEqual(
    tooLong((file) => readFileSync(file, 'utf8')),
    [],
  )
  assert.equal(tooLong(() => '\n'.repeat(401)).length, files.length, 'the control')
})

test('tests and scripts: no folder has more than 16 files of its own', () => {
  assert.deepEqual(tooFull(files), [])
  const control = Array.from({ length: 17 }, (_, number) => `test/one/${number}.ts`)
  assert.deepEqual(tooFull(control), ['test/one'], 'the control')
})
