import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { after, test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describeConfig, parseConfig, type EnvironmentVariables } from './config.ts'
import { isLoopback } from './config/parsers.ts'
import { settings, type Setting, type SettingName } from './config/settings.ts'
import { StartRefused } from './errors.ts'
import { Secret } from './secret.ts'
import { formatKek } from './vault/kek-source.ts'

const home = mkdtempSync(join(tmpdir(), 'hawser-config-'))
after(() => rmSync(home, { recursive: true, force: true }))

const KEK = formatKek(Buffer.alloc(32, 5))
const SECRET = 'Tr0ub4dor-3-Kq9'
const names = Object.keys(settings) as SettingName[]
const entryOf = (name: SettingName): Setting<unknown> => settings[name]

/** Returns the lines of the refusal of an environment, without the first. */
function problemsOf(env: EnvironmentVariables): string[] {
  let problems: string[] = []
  assert.throws(
    () => parseConfig(env),
    (error) => {
      assert.ok(error instanceof StartRefused, String(error))
      assert.match(error.message, /^The configuration cannot be used:\n- /)
      problems = error.message.split('\n').slice(1)
      return true
    },
    JSON.stringify(env),
  )
  return problems
}

/** Returns an environment from a short text such as `PORT=1 HOST=x`. */
const short = (text: string): EnvironmentVariables =>
  Object.fromEntries(text.split(' ').map((part) => `HAWSER_${part}`.split(/=(.*)/s) as [string, string]))

const contradictions: Record<string, [given: string, says: RegExp, instead: string]> = {
  'a key and a key file': [`KEK=${KEK} KEK_FILE=k`, /^- Only one of/, `KEK=${KEK}`],
  'a key file and a command': ['KEK_FILE=k KEK_COMMAND=["k"]', /^- Only one of/, 'KEK_FILE=k'],
  'a key and a command': [`KEK=${KEK} KEK_COMMAND=["k"]`, /^- Only one of/, 'KEK_COMMAND=["k"]'],
  'a command and a previous key': [
    'KEK_COMMAND=["k"] KEK_PREVIOUS_FILE=p',
    /has no use beside/,
    'KEK_PREVIOUS_FILE=p KEK_FILE=k',
  ],
  'an open address and no TLS': ['HOST=0.0.0.0', /TLS_IN_FRONT=true/, 'HOST=0.0.0.0 TLS_IN_FRONT=true'],
  'a settings limit and a larger usual one': [
    'SETTINGS_BODY_LIMIT=65535',
    /must not be smaller/,
    'SETTINGS_BODY_LIMIT=65536',
  ],
  'an answer and a request that may take as long': [
    'HANDLER_TIMEOUT=31',
    /at least 2 seconds longer/,
    'HANDLER_TIMEOUT=32',
  ],
  'a key file and a database beside it': [
    'KEK_FILE=./data/kek',
    /directory of the database/,
    'KEK_FILE=./kek',
  ],
  'a key file and a database above it': [
    'KEK_FILE=./data/a/b/kek',
    /directory of the database/,
    'KEK_FILE=./data/../b/kek',
  ],
  'a key file named with dots and a database beside it': [
    'KEK_FILE=./data/..kek',
    /directory of the database/,
    'KEK_FILE=./..kek',
  ],
  'a sign-in and no app': [
    'UPS_SIGN_IN=true PUBLIC_URL=https://h.example',
    /^- HAWSER_UPS_SIGN_IN needs HAWSER_UPS_CLIENT_ID and HAWSER_UPS_CLIENT_SECRET too/,
    'UPS_SIGN_IN=true PUBLIC_URL=https://h.example UPS_CLIENT_ID=a UPS_CLIENT_SECRET=b',
  ],
  'a sign-in and an app without its secret': [
    `UPS_SIGN_IN=true PUBLIC_URL=https://h.example UPS_CLIENT_ID=${SECRET}`,
    /^- HAWSER_UPS_SIGN_IN needs HAWSER_UPS_CLIENT_SECRET too/,
    'UPS_SIGN_IN=false PUBLIC_URL=https://h.example UPS_CLIENT_ID=a',
  ],
  'a sign-in and no way back': [
    `UPS_SIGN_IN=true UPS_CLIENT_ID=a UPS_CLIENT_SECRET=${SECRET}`,
    /^- HAWSER_UPS_SIGN_IN needs HAWSER_PUBLIC_URL too/,
    'UPS_CLIENT_ID=a UPS_CLIENT_SECRET=b',
  ],
  'a sign-in and a way back in clear': [
    'UPS_SIGN_IN=true PUBLIC_URL=http://h.example UPS_CLIENT_ID=a UPS_CLIENT_SECRET=b',
    /begins with https:/,
    'UPS_SIGN_IN=true PUBLIC_URL=http://127.0.0.1:4010 UPS_CLIENT_ID=a UPS_CLIENT_SECRET=b',
  ],
  'a database and a file that names one': [
    'DATABASE_URL=sqlite:a/b DATABASE_URL_FILE=/dev/null/x',
    /both set/,
    'DATABASE_URL=sqlite:a/b',
  ],
}
for (const [what, [given, says, instead]] of Object.entries(contradictions)) {
  test(`${what} are refused together, without a value`, () => {
    const problems = problemsOf(short(given))
    assert.ok(
      problems.some((problem) => says.test(problem)),
      problems.join(),
    )
    assert.ok(!problems.join().includes(SECRET))
    assert.doesNotThrow(() => parseConfig(short(instead)), 'the control: without the contradiction')
  })
}

test('several contradictions stand in one message', () => {
  const problems = problemsOf(short(`HOST=0.0.0.0 SETTINGS_BODY_LIMIT=65535 KEK=${KEK} KEK_FILE=k`))
  assert.equal(problems.length, 3)
})

test('what a sign-in needs and cannot be read is told as such, and not as missing', () => {
  const problems = problemsOf(
    short('UPS_SIGN_IN=true UPS_CLIENT_ID=a UPS_CLIENT_SECRET=b PUBLIC_URL=https://h.example/p'),
  )
  assert.equal(problems.length, 1)
  assert.match(problems.join(), /^- HAWSER_PUBLIC_URL must be an address/)
})

test('a file twin gives its trimmed content, under its own name, and exists for every secret', () => {
  const file = join(home, 'url')
  writeFileSync(file, ` sqlite:${home}/data/x.db\n`)
  const { config, origins, warnings } = parseConfig({ HAWSER_DATABASE_URL_FILE: file })
  assert.deepEqual(config.database, { kind: 'sqlite', path: join(home, 'data', 'x.db') })
  assert.equal(origins.HAWSER_DATABASE_URL, 'HAWSER_DATABASE_URL_FILE')
  assert.deepEqual(warnings, [])
  writeFileSync(file, SECRET)
  const wrong = problemsOf({ HAWSER_DATABASE_URL_FILE: file })
  assert.match(wrong.join(), /^- HAWSER_DATABASE_URL_FILE must be [^\n]*$/)
  assert.ok(!wrong.join().includes(SECRET))
  for (const path of [join(home, 'missing'), home])
    assert.match(
      problemsOf({ HAWSER_DATABASE_URL_FILE: path }).join(),
      /^- \w+_FILE names a file that cannot/,
    )
  for (const name of names.filter((name) => entryOf(name).secret))
    assert.ok(entryOf(name).file || `${name}_FILE` in settings, name)
})

test('the defaults are these', () => {
  const { config, warnings, origins } = parseConfig({})
  assert.deepEqual(config, {
    listen: { host: '127.0.0.1', port: 4010, trustedProxies: [] },
    publicUrl: 'http://127.0.0.1:4010',
    webhooks: { http: false, most: 20 },
    metrics: undefined,
    database: { kind: 'sqlite', path: join(process.cwd(), 'data', 'hawser.db') },
    databasePool: 10,
    kek: { kind: 'file', path: join(process.cwd(), 'data-keys', 'kek'), mounted: false },
    logLevel: 'info',
    rateLimits: { production: 200, sandbox: 20 },
    failureLimit: 300,
    outbound: { overrides: new Map(), allow: [], ca: undefined },
    bodyLimits: { usual: 65_536, settings: 1_048_576 },
    verification: 'best-effort',
    operator: new Secret({}),
    signIns: [],
    limits: { requestSeconds: 30, handlerSeconds: 60, drainSeconds: 10, connections: 10_000 },
  })
  assert.deepEqual(warnings, [])
  assert.deepEqual(new Set(Object.values(origins)), new Set(['default']))
})

test('the key file lies by default beside the directory of the database, and never inside it', () => {
  const kekOf = (url: string) => {
    const { kek } = parseConfig({ HAWSER_DATABASE_URL: url }).config
    return kek.kind === 'file' ? kek.path : assert.fail()
  }
  const here = process.cwd()
  assert.equal(kekOf('sqlite:/var/lib/hawser/data/app.db'), '/var/lib/hawser/data-keys/kek')
  assert.equal(kekOf('sqlite:data/../other/x.db'), join(here, 'other-keys', 'kek'))
  assert.equal(kekOf('sqlite:x.db'), join(dirname(here), `${basename(here)}-keys`, 'kek'))
  assert.equal(kekOf('postgres://h/d'), join(here, 'data-keys', 'kek'))
  const folder = fc.constantFrom('a', 'data', '..', '.', ' ', 'data-keys', '...', '..a')
  fc.assert(
    fc.property(fc.array(folder, { minLength: 1, maxLength: 4 }), (folders) => {
      const path = join('/srv', 'x', 'y', 'z', 'w', ...folders, 'app.db')
      assert.match(relative(dirname(path), kekOf(`sqlite:${path}`)), /^\.\.\/[^/]+-keys\/kek$/)
    }),
  )
})

test('a configuration is frozen to its last member and shows no secret', () => {
  const { config } = parseConfig({
    HAWSER_DATABASE_URL: `postgres://u:${SECRET}@h/d`,
    HAWSER_KEK: KEK,
    HAWSER_METRICS_PORT: '0',
    HAWSER_TRUSTED_PROXIES: '::1',
  })
  const open = (value: unknown): unknown[] =>
    typeof value !== 'object' || value === null || value instanceof Secret
      ? []
      : [...(Object.isFrozen(value) ? [] : [value]), ...Object.values(value).flatMap(open)]
  assert.deepEqual(open(config), [])
  assert.deepEqual(open({ a: Object.freeze({ b: [] }) }).length, 2, 'the control: what is open is found')
  assert.ok(!(inspect(config, { depth: 9, showHidden: true }) + JSON.stringify(config)).includes(SECRET))
  assert.ok(!inspect(config, { depth: 9, showHidden: true }).includes(KEK))
  assert.equal(config.kek.kind === 'value' && config.kek.value.reveal(), KEK)
})

test('a description says every setting with where it came from, and no secret', () => {
  const file = join(home, 'described')
  writeFileSync(file, `postgres://u:${SECRET}@h/d`)
  const env = { HAWSER_DATABASE_URL_FILE: file, HAWSER_KEK: KEK, HAWSER_PORT: '0' }
  const told = describeConfig(env)
  assert.deepEqual(
    told.map(({ name }) => name),
    names,
  )
  const of = (wanted: string) => told.find(({ name }) => name === wanted)
  const [url, kek, port, host] = ['DATABASE_URL', 'KEK', 'PORT', 'HOST'].map((name) => of(`HAWSER_${name}`))
  assert.deepEqual(url, {
    name: 'HAWSER_DATABASE_URL',
    value: '[secret]',
    origin: 'HAWSER_DATABASE_URL_FILE',
  })
  assert.deepEqual(kek, { name: 'HAWSER_KEK', value: '[secret]', origin: 'HAWSER_KEK' })
  assert.deepEqual(port, { name: 'HAWSER_PORT', value: '0', origin: 'HAWSER_PORT' })
  assert.deepEqual(host, { name: 'HAWSER_HOST', value: '127.0.0.1', origin: 'default' })
  assert.ok(!JSON.stringify(told).includes(SECRET))
})

test('a name that is no setting is warned of without its value, and other programs’ names are not', () => {
  const { warnings } = parseConfig({
    HAWSER_PROT: SECRET,
    HAWSER_PORT_FILE: SECRET,
    PATH: '/bin',
    hawser_port: '1',
  })
  assert.deepEqual(
    warnings.map((warning) => warning.split(' ')[0]),
    ['HAWSER_PROT', 'HAWSER_PORT_FILE'],
  )
  assert.ok(!warnings.join().includes(SECRET))
})

test('the way out: hosts sent elsewhere, ranges opened and certificates trusted are read, and the first two warned of', () => {
  const ca = join(import.meta.dirname, '../test/support/tls/ca.pem')
  const { config, warnings, origins } = parseConfig({
    HAWSER_CARRIER_HOSTS: 'api.a.example=http://127.0.0.1:4020, b.example=https://relay.example:9443/',
    HAWSER_OUTBOUND_ALLOW: '10.1.0.0/16',
    HAWSER_OUTBOUND_CA_FILE: ca,
  })
  assert.deepEqual(Object.fromEntries(config.outbound.overrides), {
    'api.a.example': 'http://127.0.0.1:4020',
    'b.example': 'https://relay.example:9443',
  })
  assert.deepEqual(config.outbound.allow, ['10.1.0.0/16'])
  assert.equal(config.outbound.ca, readFileSync(ca, 'utf8').trim())
  assert.equal(origins.HAWSER_OUTBOUND_CA, 'HAWSER_OUTBOUND_CA_FILE')
  assert.deepEqual(
    warnings.map((warning) => warning.split(' ')[0]),
    ['HAWSER_CARRIER_HOSTS', 'HAWSER_OUTBOUND_ALLOW'],
  )
})

test('only addresses of the machine itself count as loopback', () => {
  for (const host of [
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '128.0.0.1',
    '127.0.0.1.example',
    '127.1',
    '::ffff:1.2.3.4',
    'localhost.x',
    '',
  ])
    assert.equal(isLoopback(host), false, host)
  for (const host of ['127.0.0.1', '127.255.255.254', '::1', 'localhost'])
    assert.equal(isLoopback(host), true, host)
})
