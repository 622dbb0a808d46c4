import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGuard } from './addresses.ts'
import { parseDestination, type DestinationRules } from './destination.ts'
import { Unreachable } from './unreachable.ts'

type RuleOptions = { overrides?: Record<string, string>; allow?: string[] }

const rulesWith = ({ overrides = {}, allow = [] }: RuleOptions = {}): DestinationRules => ({
  overrides: new Map(Object.entries(overrides)),
  ports: [443, 8443],
  isOpen: createGuard(allow),
})
const refused = (url: string, { rules = rulesWith() } = {}) =>
  assert.throws(
    () => parseDestination(url, rules),
    (error) => error instanceof Unreachable && error.reason === 'blocked',
    url,
  )

test('what is not https on an allowed port, or names a user, is refused', () => {
  for (const url of [
    '',
    'carrier.example',
    '//carrier.example',
    'http://carrier.example',
    'ws://carrier.example',
    'ftp://carrier.example',
    'file:///etc/passwd',
    'data:text/plain,x',
    'javascript:1',
    'https://',
    'https://carrier.example:80',
    'https://carrier.example:8080',
    'https://carrier.example:0',
    'https://carrier.example:65536',
    'https://user@carrier.example',
    'https://:password@carrier.example',
    'https://carrier.example.',
    'https://carrier.example\\@other.example',
    'https://carrier.example/a b',
    'https://carrier.example/\n',
    '\thttps://carrier.example',
    'https://car\u0000rier.example',
  ])
    refused(url)
})

test('a URL is read once: the name, the port, and the path with its query', () => {
  const { isOpen: _, ...rest } = parseDestination('https://API.Carrier.example:443/a/../b?c=1#d', rulesWith())
  assert.deepEqual(rest, {
    name: 'api.carrier.example',
    host: 'api.carrier.example',
    origin: 'https://api.carrier.example',
    path: '/b?c=1',
  })
  assert.equal(parseDestination('https://carrier.example:8443', rulesWith()).host, 'carrier.example:8443')
  assert.equal(parseDestination('https://8.8.8.8/', rulesWith()).origin, 'https://8.8.8.8')
})

test('an override takes the place of the origin, and leaves name, Host and path', () => {
  const rules = rulesWith({
    overrides: {
      'api.carrier.example': 'http://127.0.0.1:4020',
      'b.example': 'https://relay.example:9443',
    },
  })
  const local = parseDestination('https://api.carrier.example/login?a=1', rules)
  assert.equal(local.origin, 'http://127.0.0.1:4020')
  assert.equal(local.host, 'api.carrier.example')
  assert.equal(local.path, '/login?a=1')
  assert.ok(local.isOpen('127.0.0.1') && local.isOpen('::1'))
  assert.ok(!local.isOpen('8.8.8.8') && !local.isOpen('10.0.0.1'), 'it opens nothing but the machine itself')
  assert.equal(parseDestination('http://api.carrier.example/', rules).origin, local.origin)
  const relayed = parseDestination('https://b.example/x', rules)
  assert.equal(relayed.origin, 'https://relay.example:9443')
  assert.ok(relayed.isOpen('8.8.8.8') && !relayed.isOpen('127.0.0.1') && !relayed.isOpen('10.0.0.1'))
  refused('http://b.example/x', { rules })
  refused('https://127.0.0.1:4020/', { rules })
  refused('https://relay.example:9443/', { rules })
})

test('an override goes in clear to this machine only, and to closed addresses only where they are opened', () => {
  for (const origin of [
    'http://relay.example',
    'http://10.0.0.1',
    'http://8.8.8.8',
    'http://127.0.0.1.example',
    'https://10.0.0.1',
    'https://[fd00::1]',
    'https://169.254.169.254',
  ])
    refused('https://a.example/', { rules: rulesWith({ overrides: { 'a.example': origin } }) })
  for (const origin of ['http://localhost:1', 'http://[::1]:1', 'https://127.0.0.1:1', 'https://8.8.8.8'])
    assert.equal(
      parseDestination('https://a.example/', rulesWith({ overrides: { 'a.example': origin } })).origin,
      origin,
    )
  const opened = rulesWith({ overrides: { 'a.example': 'https://10.0.0.1' }, allow: ['10.0.0.0/8'] })
  assert.equal(parseDestination('https://a.example/', opened).origin, 'https://10.0.0.1')
})
