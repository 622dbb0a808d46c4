import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createGuard, loopbackGuard } from './addresses.ts'

const isPublic = createGuard([])

/** `closed` lists the first and the last address of every range that is not public or leads to another network. */
const closed = `
0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.0 127.255.255.255
169.254.0.0 169.254.169.254 169.254.255.255 172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.192 192.0.0.255
192.0.2.0 192.0.2.255 192.31.196.1 192.52.193.1 192.88.99.0 192.88.99.255 192.168.0.0 192.168.255.255
192.175.48.1 198.18.0.0 198.19.255.255 198.51.100.0 198.51.100.255 203.0.113.0 203.0.113.255
224.0.0.0 239.255.255.255 240.0.0.0 255.255.255.254 255.255.255.255 168.63.129.16 100.100.100.200
:: ::1 ::2 ::127.0.0.1 ::7f00:1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe ::ffff:168.63.129.16
::ffff:0:127.0.0.1 ::ffff:0:8.8.8.8 64:ff9b::7f00:1 64:ff9b::8.8.8.8 64:ff9b:1::1 64:ff9b:1:ffff::1 100::1
100:0:0:1::1 2001::1 2001:0:7f00:1::1 2001:2::1 2001:3::1 2001:4:112::1 2001:10::1 2001:20::1 2001:30::1 2001:1ff:ffff::1
2001:db8::1 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff 2002::1 2002:7f00:1::1 2002:808:808::1 2620:4f:8000::1
3fff::1 3fff:fff::1 5f00::1 fc00::1 fd00:ec2::254 fdff:ffff::1 fe80::1 fe80::1%lo febf::1 fec0::1 feff::1 ff00::1 ff02::1
ffff::1 4000::1 8000::1 e000::1 1fff::1 1.1.1.1%lo 2606:4700::1111%eth0`
  .trim()
  .split(/\s+/)

const open = `
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15 168.63.129.17
169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.167.255.255 192.169.0.0
198.17.255.255 198.20.0.0 223.255.255.255 ::ffff:8.8.8.8 2001:200::1 2001:4860:4860::8888 2606:4700:4700::1111
2003::1 2a00:1450::1 3ffe::1 2620:4e::1`
  .trim()
  .split(/\s+/)

test('no special address is public, and its public neighbours are', () => {
  assert.deepEqual(closed.filter(isPublic), [])
  assert.deepEqual(
    open.filter((address) => !isPublic(address)),
    [],
  )
})

test('what is not the usual spelling of an address is none', () => {
  for (const text of [
    '',
    'localhost',
    '8.8.8',
    '0x8.8.8.8',
    '08.8.8.8',
    '134744072',
    '8.8.8.8 ',
    '[2606::1]',
    '8.8.8.8:443',
  ])
    assert.equal(isPublic(text), false, text)
})

test('however an IPv4 address is wrapped in an IPv6 one, only the mapped form of a public one is open', () => {
  const octet = fc.integer({ min: 0, max: 255 })
  fc.assert(
    fc.property(octet, octet, octet, octet, (a, b, c, d) => {
      const [high, low] = [(a * 256 + b).toString(16), (c * 256 + d).toString(16)]
      const plain = `${a}.${b}.${c}.${d}`
      assert.equal(isPublic(`::ffff:${high}:${low}`), isPublic(plain))
      for (const wrapped of [
        `::${plain}`,
        `::ffff:0:${plain}`,
        `64:ff9b::${plain}`,
        `64:ff9b:1::${plain}`,
        `2002:${high}:${low}::1`,
        `2001:0:${high}:${low}::1`,
      ])
        assert.equal(isPublic(wrapped), false, wrapped)
    }),
  )
})

test('an operator opens exactly the ranges named, in both spellings of IPv4', () => {
  const guard = createGuard(['10.1.0.0/16', '192.168.0.7', 'fd00::/8', '::1'])
  for (const address of [
    '10.1.0.0',
    '10.1.255.255',
    '192.168.0.7',
    '::ffff:10.1.2.3',
    'fd12::1',
    '::1',
    '8.8.8.8',
  ])
    assert.equal(guard(address), true, address)
  for (const address of [
    '10.2.0.0',
    '192.168.0.8',
    '127.0.0.1',
    'fc00::1',
    '::2',
    '64:ff9b::10.1.2.3',
    'fd12::1%lo',
  ])
    assert.equal(guard(address), false, address)
})

test('the guard for this machine opens it alone', () => {
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
    assert.equal(loopbackGuard(address), true, address)
  for (const address of ['8.8.8.8', '10.0.0.1', '::', '::2', '0.0.0.0', 'localhost', '::127.0.0.1'])
    assert.equal(loopbackGuard(address), false, address)
})
