import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Call } from '../../src/catalog/verification.ts'
import {
  resolvedTo,
  requireUnreachable,
  openTestOutbound,
  type TestOutbound,
} from '../support/outbound/test-outbound.ts'
import { openPeer } from '../support/outbound/peer.ts'

/** Lists spellings of this machine, each with a port; the resolver of these tests finds the machine under every name too. */
const here = (port: number): string[] =>
  `127.0.0.1 127.1 127.0.1 127.0.0.2 127.255.255.254 2130706433 0x7f000001 0X7F000001 0x7f.0.0.1 0x7f.1 0177.0.0.1 0177.1
  017700000001 127.0x0.00.01 0x7f.0x0.0x0.0x1 127.0.0.0x1 1２7.0.0.1 １２７.０.０.１ ①②⑦.⓪.⓪.① 127。0。0。1 127．0．0．1 %31%32%37.0.0.1
  0 0.0.0.0 0x0 00.0.0.0 [::] [::1] [0:0:0:0:0:0:0:1] [0000::0001] [::FFFF:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:7f00:0001]
  localhost LOCALHOST LocalHost ｌｏｃａｌｈｏｓｔ ⓛocalhost loc%61lhost any.localhost a.b.localhost localhost.localdomain ip6-localhost
  router intranet metadata.google.internal db.internal xn--bcher-kva.example bücher.example BÜCHER.example xn--n3h.example
  127.0.0.1.nip.example rebind.example a_b.example 1.1.1.1.example localhost.example`
    .trim()
    .split(/\s+/)
    .map((host) => `https://${host}:${port}/hook?a=1`)

/** Lists addresses of other machines, and URLs that try to be read in two ways. */
const elsewhere = (port: number): string[] => [
  ...`10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.254 192.168.0.1 169.254.169.254 0xa9fea9fe 2852039166 100.64.0.1 100.100.100.200
  168.63.129.16 0xa83f8110 192.0.0.192 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255
  [::127.0.0.1] [::7f00:1] [::ffff:0:7f00:1] [64:ff9b::7f00:1] [64:ff9b::127.0.0.1] [64:ff9b:1::7f00:1] [2002:7f00:1::1]
  [2001:0:7f00:1::1] [2001:0:4136:e378:8000:63bf:80ff:fffe] [fe80::1] [fe80::1%25lo] [fe80::1%lo] [::1%25lo] [fc00::1] [fd00:ec2::254]
  [fec0::1] [ff02::1] [100::1] [2001:db8::1] [3fff::1] [5f00::1] [4000::1] [::ffff:169.254.169.254] [::ffff:a83f:8110]
  127.0.0.1. localhost. LOCALHOST. 127.1. 2130706433. rebind.example. 0x7f.1.`
    .trim()
    .split(/\s+/)
    .map((host) => `https://${host}:${port}/`),
  `http://127.0.0.1:${port}/`,
  `http://localhost:${port}/`,
  `http://[::1]:${port}/`,
  `https://carrier.example@127.0.0.1:${port}/`,
  `https://carrier.example:443@127.0.0.1:${port}/`,
  `https://user:password@localhost:${port}/`,
  `https://127.0.0.1:${port}@carrier.example/`,
  `https://carrier.example%40127.0.0.1:${port}/`,
  `https://carrier.example\\@127.0.0.1:${port}/`,
  `https://127.0.0.1:${port}\\@carrier.example/`,
  `https:\\\\127.0.0.1:${port}\\`,
  `\\\\127.0.0.1:${port}\\`,
  `//127.0.0.1:${port}/`,
  ` https://127.0.0.1:${port}/`,
  `https://127.0.0.1:${port}/ `,
  `ht\ttps://127.0.0.1:${port}/`,
  `https://127.0\t.0.1:${port}/`,
  `https://127.0.0.1\n:${port}/`,
  `https://127.0.0.1:${port}/\r\nHost: carrier.example`,
  `https://127.0.0.1\u0000.example:${port}/`,
  `https://127.0.0.1%00.example:${port}/`,
  `wss://127.0.0.1:${port}/`,
  `ftp://127.0.0.1:${port}/`,
  `gopher://127.0.0.1:${port}/_GET`,
  'file:///etc/passwd',
  'data:,x',
  'unix:/var/run/docker.sock',
  '127.0.0.1',
  '',
]

const hostOf = (url: string) => (URL.canParse(url) ? new URL(url).hostname : '')
const rawHostOf = (url: string) => /^\w+:\/\/(?:[^/@]*@)?(\[[^\]]*\]|[^:/]*)/.exec(url)?.[1] ?? ''

/** Makes both ways out, with a list of hosts that would let the URL pass. */
const both = (way: TestOutbound, url: string): [string, () => Promise<unknown>][] => {
  const call: Call = { method: 'POST', url, headers: {}, body: 'x' }
  return [
    [`ask ${url}`, () => way.ask(url, [hostOf(url), rawHostOf(url), url], call)],
    [`deliver ${url}`, () => way.deliver({ tenantId: 't', url, headers: {}, body: 'x' })],
  ]
}

async function canaries(t: Parameters<typeof openPeer>[0]) {
  const four = await openPeer(t, 'hang up')
  const six = await openPeer(t, 'hang up', { host: '::1', port: four.port })
  return { port: four.port, made: () => four.seen.made + six.seen.made }
}

const resolve = async () => resolvedTo('127.0.0.1', '::1')

test('outbound: no spelling of a closed address is connected to, by either way, in ten thousand attempts', async (t) => {
  const { port, made } = await canaries(t)
  const urls = [...here(port), ...elsewhere(port)]
  assert.ok(new Set(urls).size >= 120)
  const way = openTestOutbound(t, { resolve, limits: { ports: [443, 8443, port] } })
  let attempts = 0
  while (attempts < 10_000) {
    const round = urls.flatMap((url) => both(way, url))
    await Promise.all(round.map(([what, call]) => requireUnreachable(call(), 'blocked', what)))
    attempts += round.length
  }
  assert.equal(made(), 0)
})

test('outbound, the control: with its range opened, the same spellings of this machine are connected to', async (t) => {
  const { port, made } = await canaries(t)
  const way = openTestOutbound(t, {
    resolve,
    allow: ['127.0.0.0/8', '::1'],
    limits: { ports: [port], failures: 1_000 },
  })
  let reached = 0
  for (const url of here(port))
    for (const [, call] of both(way, url)) {
      const before = made()
      await assert.rejects(call())
      reached += made() > before ? 1 : 0
    }
  // 127.0.0.2, 127.255.255.254 and the spellings of 0.0.0.0 and :: have no server or stay closed.
  assert.ok(reached >= 80, `${reached} were seen`)
})

test('outbound: a carrier is asked on the hosts of its list alone', async (t) => {
  const { port, made } = await canaries(t)
  const way = openTestOutbound(t, { resolve, allow: ['127.0.0.0/8', '::1'], limits: { ports: [port] } })
  const ask = (host: string, hosts: string[]) =>
    way.ask('x', hosts, { method: 'GET', url: `https://${host}:${port}/`, headers: {} })
  for (const hosts of [
    [],
    ['api.example'],
    ['example'],
    ['a.carrier.example'],
    ['carrier.example.'],
    ['.example'],
  ])
    await requireUnreachable(ask('carrier.example', hosts), 'blocked')
  await requireUnreachable(ask('carrier.example.evil.example', ['carrier.example']), 'blocked')
  assert.equal(made(), 0)
  await assert.rejects(ask('carrier.example', ['carrier.example']))
  assert.ok(made() > 0, 'the control: on the list it is connected to')
})

test('outbound: of a name that flips between an open and a closed address, the closed one is never connected to', async (t) => {
  // The operator allows 127.0.0.2, which stands for the public address that comes first.
  const open = await openPeer(t, 'hang up', { host: '127.0.0.2' })
  const canary = await openPeer(t, 'hang up', { port: open.port })
  let asked = 0
  const flips = async () => resolvedTo((asked += 1) % 2 === 1 ? '127.0.0.2' : '127.0.0.1')
  const way = openTestOutbound(t, { resolve: flips, allow: ['127.0.0.2'], limits: { ports: [open.port] } })
  for (let i = 0; i < 1_000; i += 1) {
    const call = way.deliver({
      tenantId: 't',
      url: `https://rebind.example:${open.port}/`,
      headers: {},
      body: '',
    })
    if (i % 2 === 1) await requireUnreachable(call, 'blocked')
    else await requireUnreachable(call, ['refused', 'tls', 'broken'])
  }
  assert.equal(asked, 1_000, 'one question for each connection')
  assert.equal(canary.seen.made, 0)
  assert.equal(open.seen.made, 500)
})

test('outbound: of a name with one closed address among open ones, none is connected to', async (t) => {
  const open = await openPeer(t, 'hang up', { host: '127.0.0.2' })
  const canary = await openPeer(t, 'hang up', { port: open.port })
  for (const addresses of [
    ['127.0.0.2', '127.0.0.1'],
    ['127.0.0.1', '127.0.0.2'],
    ['127.0.0.2', '::ffff:127.0.0.1'],
    ['127.0.0.2', '10.0.0.1'],
    ['127.0.0.2', '127.0.0.2', 'fe80::1'],
  ]) {
    const resolveMixed = async () => resolvedTo(...addresses)
    const way = openTestOutbound(t, {
      resolve: resolveMixed,
      allow: ['127.0.0.2'],
      limits: { ports: [open.port] },
    })
    for (const [what, call] of both(way, `https://mixed.example:${open.port}/`))
      await requireUnreachable(call(), 'blocked', `${what} ${addresses.join()}`)
  }
  assert.equal(open.seen.made + canary.seen.made, 0)
})

test('outbound: a carrier’s override leads no webhook to its origin', async (t) => {
  const { port, made } = await canaries(t)
  const overrides = new Map([['carrier.example', `http://127.0.0.1:${port}`]])
  const way = openTestOutbound(t, { resolve, overrides, limits: { ports: [443, port] } })
  for (const url of [
    `https://carrier.example:${port}/`,
    'https://carrier.example/',
    'http://carrier.example/',
  ])
    await requireUnreachable(way.deliver({ tenantId: 't', url, headers: {}, body: '' }), 'blocked', url)
  assert.equal(made(), 0)
})

test('outbound: nothing in answer or time tells a closed address from one where nobody listens', async (t) => {
  const gone = await openPeer(t, 'hang up')
  gone.server.close()
  const way = openTestOutbound(t, { allow: ['127.0.0.1'], limits: { ports: [gone.port], stepMs: 250 } })
  const told = async (host: string) => {
    const began = performance.now()
    const error: unknown = await way
      .deliver({ tenantId: 't', url: `https://${host}:${gone.port}/`, headers: {}, body: '' })
      .catch((caught: unknown) => caught)
    assert.ok(performance.now() - began > 240, 'no sooner than at the first step')
    return String(error)
  }
  assert.equal(await told('127.0.0.2'), await told('127.0.0.1'))
  assert.match(
    way.logs.join(''),
    /"reason":"blocked".*\n.*"reason":"refused"/,
    'the log alone tells them apart',
  )
})
