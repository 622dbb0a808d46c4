import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../config.ts'
import { StartRefused } from '../errors.ts'
import { settings, type Setting, type SettingName } from './settings.ts'

const SECRET = 'Tr0ub4dor-3-Kq9'
const names = Object.keys(settings) as SettingName[]
const entryOf = (name: SettingName): Setting<unknown> => settings[name]

/** Returns the lines of the refusal of an environment, without the first. */
function problemsOf(env: Record<string, string>): string[] {
  try {
    parseConfig(env)
  } catch (error) {
    assert.ok(error instanceof StartRefused, String(error))
    return error.message.split('\n').slice(1)
  }
  return assert.fail(`${JSON.stringify(env)} was not refused`)
}

const numbers = ['', ' ', '-1', '+5', '1.5', '5e3', '0x10', ' 42', '42 ', 'forty', '99999999999', 'NaN', '१२']
const booleans = ['', 'TRUE', 'True', 'yes', 'on', ' true', 'true\n', SECRET]
const roads = ['off=1', 'production=5', 'production=5,sandbox=', 'production=5,sandbox=0', 'prod=5,sandbox=5']

/** `bad` has, for each setting, values that the setting does not take; the list is empty where the setting takes any text. */
const bad: Record<SettingName, readonly string[]> = {
  HAWSER_HOST: [''],
  HAWSER_PORT: [...numbers, '65536', 'off'],
  HAWSER_TLS_IN_FRONT: booleans,
  HAWSER_TRUSTED_PROXIES: [
    SECRET,
    'localhost',
    '10.0.0.1,',
    '10.0.0.1/8/8',
    '10.0.0.1/x',
    '10.0.0.1/',
    '1.2.3',
  ],
  HAWSER_DATABASE_URL: ['', SECRET, 'sqlite::memory:', `mysql://u:${SECRET}@h/d`, './x'],
  HAWSER_DATABASE_POOL: [...numbers, '1', '101'],
  HAWSER_KEK_FILE: [],
  HAWSER_KEK_FILE_MOUNTED: booleans,
  HAWSER_KEK: [SECRET, 'hwk1:', `hwk1:${SECRET}:00000000`],
  HAWSER_KEK_COMMAND: [SECRET, '/bin/kms --now', '[]', '{}', '"x"', '["a",1]', '[""]', '["a"', 'null'],
  HAWSER_KEK_PREVIOUS_FILE: [],
  HAWSER_LOG_LEVEL: ['', 'INFO', 'silent', 'verbose', SECRET],
  HAWSER_FAILURE_LIMIT: [...numbers, '0'],
  HAWSER_RATE_LIMIT: [
    ...numbers,
    ...roads,
    'production=5,sandbox=5,x=5',
    'production=5, sandbox=5',
    'OFF',
    SECRET,
  ],
  HAWSER_CARRIER_HOSTS: [
    SECRET,
    'a.example',
    'a.example=',
    '=https://b.example',
    'a.example=b.example',
    'a.example=ftp://b.example',
    'a.example=https://b.example/path',
    'a.example=https://b.example?q',
    'a.example=https://b.example#f',
    `a.example=https://u:${SECRET}@b.example`,
    'a.example=https://b.example,',
    'a.example=https://b.example,a.example=https://c.example',
    'a.example=https://b.example c.example=https://d.example',
    'a.example=https://b.example:99999',
    'a.example=http://b.example',
    'a.example=http://10.0.0.1:80',
    'a.example=http://127.0.0.1.example',
    'a.example=http://[::2]:80',
    'A.example=https://b.example',
    'a.example.=https://b.example',
    'https://a.example=https://b.example',
    'a.example:443=https://b.example',
    '127.0.0.1=http://127.0.0.1:4020',
  ],
  HAWSER_OUTBOUND_ALLOW: [SECRET, 'localhost', '10.0.0.0/33', '10.0.0.1,', 'https://10.0.0.1', 'fe80::1%lo'],
  HAWSER_OUTBOUND_CA: [
    SECRET,
    '-----BEGIN CERTIFICATE-----',
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
    `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----`,
  ],
  HAWSER_BODY_LIMIT: [...numbers, '1023', '16777217', '64k'],
  HAWSER_SETTINGS_BODY_LIMIT: [...numbers, '1023', '16777217'],
  HAWSER_REQUEST_TIMEOUT: [...numbers, '0', '601'],
  HAWSER_HANDLER_TIMEOUT: [...numbers, '2', '1201'],
  HAWSER_DRAIN_TIMEOUT: [...numbers, '601'],
  HAWSER_MAX_CONNECTIONS: [...numbers, '0', '100001'],
  HAWSER_VERIFICATION: ['', 'on', 'Required', 'best_effort', SECRET],
  HAWSER_UPS_CLIENT_ID: [],
  HAWSER_UPS_CLIENT_SECRET: [],
  HAWSER_FEDEX_CLIENT_ID: [],
  HAWSER_FEDEX_CLIENT_SECRET: [],
  HAWSER_STAMPS_COM_INTEGRATION_ID: [],
  HAWSER_ENDICIA_REQUESTER_ID: [],
  HAWSER_ENDICIA_HOST: [
    SECRET,
    'localhost',
    'https://labels.example',
    'labels.example:8443',
    'labels.example/path',
    'u@labels.example',
    'Labels.example',
    '127.0.0.1',
    'labels.example.',
  ],
  HAWSER_XPO_ACCESS_KEY: [],
  HAWSER_UPS_SIGN_IN: booleans,
  HAWSER_PUBLIC_URL: [
    SECRET,
    'hawser.example',
    'ftp://hawser.example',
    'https://hawser.example/api',
    `https://u:${SECRET}@hawser.example`,
    'https://hawser.example/?x',
  ],
  HAWSER_WEBHOOK_HTTP: booleans,
  HAWSER_WEBHOOK_LIMIT: [...numbers, '0', '1001'],
  HAWSER_METRICS_PORT: [...numbers, '65536', 'OFF'],
  HAWSER_METRICS_HOST: [''],
}

for (const name of names) {
  test(`a value that ${name} does not take is refused under that name, and is not repeated`, () => {
    const told = new Set<string>()
    for (const value of bad[name]) {
      const problems = problemsOf({ [name]: value })
      assert.equal(problems.length, 1)
      told.add(problems.join())
    }
    for (const problem of told) assert.ok(problem.startsWith(`- ${name} must be `), problem)
    assert.ok(![...told].join().includes(SECRET))
    assert.ok(told.size <= 2, 'a text that depended on the value would be another for each')
    if (told.size === 0) assert.doesNotThrow(() => parseConfig({ [name]: ' any text' }))
  })
}

test('a rate limit with a part too many, or with one environment twice, is refused', () => {
  for (const value of ['production=5,sandbox=5=7', 'production=5,sandbox=5,production=7'])
    assert.match(problemsOf({ HAWSER_RATE_LIMIT: value })[0] ?? '', /HAWSER_RATE_LIMIT/)
})

test('a trusted range with more bits than an address has is refused', () => {
  for (const value of ['10.0.0.0/33', '10.0.0.0/999', '::1/129', '10.0.0.1,192.168.0.0/64'])
    assert.match(problemsOf({ HAWSER_TRUSTED_PROXIES: value })[0] ?? '', /HAWSER_TRUSTED_PROXIES/)
  const { config } = parseConfig({ HAWSER_TRUSTED_PROXIES: '10.0.0.0/8, ::1/128,1.2.3.4' })
  assert.deepEqual(config.listen.trustedProxies, ['10.0.0.0/8', '::1/128', '1.2.3.4'])
})

test('a carrier’s host can be sent to this machine in clear, and anywhere else over TLS', () => {
  for (const origin of [
    'http://127.0.0.1:4020',
    'http://localhost',
    'http://[::1]:80',
    'https://relay.example',
    'https://10.0.0.1:9443',
  ])
    assert.doesNotThrow(() => parseConfig({ HAWSER_CARRIER_HOSTS: `api.a.example=${origin}` }), origin)
})

test('every bad value stands in one message, one line each, in the order of the table', () => {
  const wrong = names.filter((name) => bad[name].length > 0)
  const problems = problemsOf(Object.fromEntries(wrong.map((name) => [name, bad[name][0] ?? ''])))
  assert.deepEqual(
    problems.flatMap((problem) => /^- (\w+) must be /.exec(problem)?.[1] ?? []),
    wrong,
  )
  assert.match(problems.at(-1) ?? '', /^- Only one of/, 'and what contradicts one another')
})

test('a whole number is taken from its least to its most, and not one beyond', () => {
  let found = 0
  for (const name of names.filter((name) => bad[name].includes('-1'))) {
    const { parse } = entryOf(name)
    const [, least, most] = / from (\d+) to (\d+)/.exec(problemsOf({ [name]: '-' }).join()) ?? []
    if (least === undefined || most === undefined) continue
    found += 1
    for (const bound of [Number(least), Number(most)]) assert.equal(parse(`${bound}`), bound)
    for (const beyond of [Number(least) - 1, Number(most) + 1]) assert.throws(() => parse(`${beyond}`), name)
  }
  assert.equal(found, 11)
})
