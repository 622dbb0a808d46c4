import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { carrierCodeOf } from '../catalog/carrier-code.ts'
import { findCarrierById } from '../catalog/find-carrier.ts'
import { findSimulated } from './find-simulated.ts'
import { simulatedCarriers } from './index.ts'

test('the file of every simulated carrier is named like the carrier’s file in the catalog, and is in the registry', async () => {
  const entries = simulatedCarriers.map((simulated) => {
    const carrier = findCarrierById(simulated.carrier)
    assert.ok(carrier, `${simulated.carrier} is in the catalog`)
    return [`${carrierCodeOf(carrier).toLowerCase().replaceAll('_', '-')}.ts`, simulated] as const
  })
  const files = readdirSync(join(import.meta.dirname, 'carriers'))
  assert.deepEqual(entries.map(([file]) => file).sort(), files.sort())
  for (const [file, simulated] of entries)
    assert.equal(((await import(`./carriers/${file}`)) as { default: unknown }).default, simulated, file)
})

test('a simulated carrier is found by the id of its carrier, and by nothing else', () => {
  for (const carrierId of ['', 'toString', 'UPS', 'exla']) assert.equal(findSimulated(carrierId), undefined)
  for (const simulated of simulatedCarriers) assert.equal(findSimulated(simulated.carrier), simulated)
})
