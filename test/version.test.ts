import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { version } from '../src/version.ts'

test('the version is the newest one that CHANGELOG.md has closed', () => {
  const closed = [...readFileSync('CHANGELOG.md', 'utf8').matchAll(/^## (\d+\.\d+\.\d+)/gm)]
  assert.equal(closed[0]?.[1], version)
})
