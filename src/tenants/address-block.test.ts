import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressBlock } from './address-block.ts'

test('an IPv4 address stands for itself, in whatever spelling', () => {
  for (const address of ['192.0.2.7', '::ffff:192.0.2.7', '::ffff:c000:207'])
    assert.equal(addressBlock(address), '192.0.2.7', address)
  assert.notEqual(addressBlock('192.0.2.8'), addressBlock('192.0.2.7'))
})

test('of an IPv6 address the /64 stands, so that its other addresses are no others', () => {
  assert.equal(addressBlock('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64')
  assert.equal(addressBlock('2001:0DB8:1:2:ffff::1'), '2001:db8:1:2::/64')
  assert.notEqual(addressBlock('2001:db8:1:3::1'), addressBlock('2001:db8:1:2::1'))
  assert.equal(addressBlock('::1'), '0:0:0:0::/64')
  assert.equal(addressBlock('fe80::1%eth0'), 'fe80:0:0:0::/64')
})

test('what a proxy forwards that is no address is one client', () => {
  const blocks = new Set(['unknown', '', '192.0.2.7:4321', 'x'.repeat(9_999)].map(addressBlock))
  assert.equal(blocks.size, 1)
})
