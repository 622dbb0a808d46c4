import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Webhook } from '../../webhooks/endpoints.ts'
import { disabledNotices } from './webhooks.ts'

const webhooks = (count: number, disabled_at: string | null) =>
  Array.from({ length: count }, (_, index) => ({ webhook_id: `se-${index}`, disabled_at }) as Webhook)

test('the disabled webhooks among many are named, in a head that stays small', () => {
  assert.deepEqual(disabledNotices(webhooks(3, null)), [])
  const at = '2026-01-31T09:26:53.589Z'
  assert.deepEqual(disabledNotices([...webhooks(1, at), ...webhooks(1, null)]), [
    'webhook_disabled; webhook_id=se-0',
  ])
  const lines = disabledNotices(webhooks(1_000, at))
  assert.equal(lines.length, 51)
  assert.equal(lines.at(-1), 'webhook_disabled; others=950')
})
