import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectionState } from '../../store/schema/tables.ts'
import { findTransition } from './announce-state.ts'

type Step = [state: ConnectionState, diagnosis: string | null, message?: string]

/** Goes through the steps of a connection, and compares the message that each of them sends. */
function walk(steps: Step[]): void {
  let before: Parameters<typeof findTransition>[0]
  for (const [state, diagnosis, message] of steps) {
    const { message: told, trouble_told } = findTransition(before, { state, diagnosis })
    assert.equal(told?.replace('connection.', ''), message, `${before?.state} to ${state} ${diagnosis}`)
    before = { state, trouble_told }
  }
}

test('a new connection tells nothing, whatever it begins with, nor does one that comes to work', () => {
  for (const state of ['verified', 'unverified', 'needs_reauth'] as const) walk([[state, null]])
  walk([
    ['unverified', 'unavailable'],
    ['verified', null],
    ['unverified', null],
    ['verified', null],
  ])
})

test('trouble is told once, and that it is over once, whatever comes between', () => {
  walk([
    ['verified', null],
    ['needs_reauth', 'invalid_credentials', 'needs_reauth'],
    ['needs_reauth', 'invalid_credentials'],
    ['unverified', 'unavailable'],
    ['unverified', null],
    ['verified', null, 'recovered'],
    ['verified', null],
    ['degraded', 'unavailable', 'degraded'],
    ['degraded', 'rate_limited'],
    ['needs_reauth', 'invalid_credentials', 'needs_reauth'],
    ['verified', null, 'recovered'],
    ['action_required', 'not_entitled', 'needs_reauth'],
    ['action_required', 'unavailable'],
    ['verified', null, 'recovered'],
  ])
})

test('what the operator has to mend is told no merchant, neither that it began nor that it is over', () => {
  walk([
    ['verified', null],
    ['action_required', 'platform_misconfigured'],
    ['action_required', 'unavailable'],
    ['verified', null],
    ['degraded', 'unavailable', 'degraded'],
    ['action_required', 'platform_misconfigured'],
    ['verified', null, 'recovered'],
    ['action_required', 'platform_misconfigured'],
    ['action_required', 'not_entitled', 'needs_reauth'],
    ['verified', null, 'recovered'],
  ])
})
