import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { test } from 'node:test'

const base = ['errors', 'secret']
const domain = ['connections', 'manifests', 'tenants', 'audit', 'webhooks']
const belowConnections = [
  'catalog',
  'custody',
  'store',
  'audit',
  'webhooks',
  'context',
  'require-scope',
  ...base,
]

/** This table says what each module may import; `main` may import everything. */
const allowed: Record<string, readonly string[]> = {
  client: [],
  errors: [],
  run: ['log', 'errors', 'secret', 'store'],
  secret: [],
  version: [],
  time: [],
  'polling-loop': [],
  turns: [],
  'real-path': [],
  ids: [],
  'require-scope': ['context', ...base],
  catalog: ['secret'],
  config: ['real-path', ...base],
  log: base,
  vault: base,
  store: ['real-path', 'turns', ...base],
  outbound: ['catalog', 'log', ...base],
  simulator: ['catalog'],
  context: ['config', 'log', 'catalog', 'vault', 'store', 'outbound', ...base],
  'open-installation': ['config', 'context', 'log', 'vault', 'store', 'outbound', ...base],
  audit: ['require-scope', 'vault', 'store', 'context', 'errors', 'turns'],
  tenants: ['ids', 'require-scope', 'store', 'context', 'audit', 'catalog', 'time', 'polling-loop', ...base],
  custody: ['vault', 'store', 'audit', 'context', ...base],
  webhooks: [
    'ids',
    'require-scope',
    'catalog',
    'custody',
    'store',
    'audit',
    'context',
    'time',
    'polling-loop',
    ...base,
  ],
  connections: ['ids', 'time', 'polling-loop', ...belowConnections],
  manifests: ['ids', 'time', ...belowConnections],
  health: ['connections', 'time', 'polling-loop', ...belowConnections],
  http: [...domain, 'catalog', 'config', 'context', 'ids', 'log', 'require-scope', 'time', 'turns', ...base],
  cli: [
    ...domain,
    'catalog',
    'config',
    'context',
    'log',
    'custody',
    'main',
    'open-installation',
    'run',
    'simulator',
    'time',
    'version',
    ...base,
  ],
}
const root = new Set(['main', 'first-start-text'])

/** This table lists the folders of a module from top to bottom: a folder imports only folders below it, and the files outside of the folders import all of them. */
const rooms: Record<string, readonly string[]> = {
  connections: ['deletes', 'change', 'verification', 'sign-in', 'tokens', 'form', 'request', 'carrier'],
  http: ['routes', 'wire', 'server', 'openapi'],
}

const GENERATED = new Set(['src/catalog/index.ts', 'src/client/carriers.ts', 'src/simulator/index.ts'])
const sources = globSync('src/**/*.ts').filter((file) => !file.endsWith('.test.ts'))
const read = (file: string) => readFileSync(file, 'utf8')
const moduleOf = (file: string) => (relative('src', file).split('/')[0] ?? '').replace(/\.ts$/, '')
const importsOf = (file: string) =>
  [...read(file).matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map(([, to = '']) =>
    normalize(join(dirname(file), to)),
  )
const withCode = (pattern: RegExp, files = sources) => files.filter((file) => pattern.test(read(file)))

test('modules import downwards only', () => {
  const wrong = sources.flatMap((file) => {
    const from = moduleOf(file)
    if (root.has(from)) return []
    return importsOf(file)
      .filter((to) => to.startsWith('src/'))
      .map((to) => moduleOf(to))
      .filter((to) => to !== from && !allowed[from]?.includes(to))
      .map((to) => `${file} imports ${to}`)
  })
  assert.deepEqual(wrong, [])
})

/** Lists the imports of a module that lead from a folder to one above it, or to a file outside of the folders. */
const upwardImports = (module: string, floors: readonly string[], lookUp = importsOf): string[] => {
  const floorOf = (file: string) => floors.indexOf(relative(join('src', module), file).split('/')[0] ?? '')
  return sources
    .filter((file) => moduleOf(file) === module)
    .flatMap((file) =>
      lookUp(file)
        .filter((to) => to.startsWith(`src/${module}/`) && floorOf(to) < floorOf(file))
        .map((to) => `${file} imports ${to}`),
    )
}

test('a folder of a module imports only folders below it', () => {
  for (const [module, floors] of Object.entries(rooms)) {
    assert.deepEqual(upwardImports(module, floors), [])
    const folders = globSync(`src/${module}/*/`).map((path) => path.split('/')[2])
    assert.deepEqual([...floors].sort(), folders.sort(), 'the table names every room')
  }
})

test('the control: an import of a folder above, or of a file outside of the folders, is seen', () => {
  const [floors = []] = [rooms.connections]
  const planted = (to: string) => upwardImports('connections', floors, () => [to])
  assert.ok(
    planted('src/connections/deletes/restore.ts').some((one) => one.startsWith('src/connections/change/')),
  )
  assert.ok(planted('src/connections/update.ts').some((one) => one.startsWith('src/connections/carrier/')))
  assert.ok(!planted('src/connections/update.ts').some((one) => /^src\/connections\/[\w-]+\.ts/.test(one)))
})

/** These folders have files that are all of one kind, and that readers look for by name. */
const SHELVES = ['src/catalog/parcel', 'src/catalog/ltl', 'src/simulator/carriers', 'src/store/migrations']

test('no folder has more than 16 files of its own', () => {
  const counts = new Map<string, number>()
  for (const file of sources) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1)
  const crowded = [...counts].filter(([room, count]) => count > 16 && !SHELVES.includes(room))
  assert.deepEqual(crowded, [])
})

test('the table names every module, and no module that is not there', () => {
  const modules = new Set(sources.map(moduleOf))
  assert.deepEqual([...modules].sort(), [...Object.keys(allowed), ...root].sort())
})

test('the environment is read in main and at the command line only', () => {
  assert.deepEqual(withCode(/process\.env/), ['src/cli/index.ts'])
})

test('sockets to the world stay in outbound', () => {
  // The client is for the programs of other people, and the server does not use it.
  const outside = sources.filter((file) => !['outbound', 'client'].includes(moduleOf(file)))
  // The simulator is asked and asks nobody: of `node:http` its server may use only what listens.
  const listener = 'src/simulator/server.ts'
  const code = (file: string) =>
    (file === listener
      ? read(file).replace(/^import \{ createServer(, type \w+)* \} from 'node:http'$/m, '')
      : read(file)
    )
      .replace(/^import type .*$/gm, '')
      // `STATUS_CODES` is a table of texts and `isIP` a question about a text, so that neither opens a socket.
      .replace(/^import \{ (STATUS_CODES|isIP)(, type \w+)? \} from 'node:(http|net)'$/gm, '')
  const opens =
    /['"](undici|cockatiel|(node:)?(net|tls|https?|http2|dgram|dns)(\/promises)?)['"]|\bfetch\(|\bWebSocket\(|\bhttps?\.(request|get)\(/
  assert.deepEqual(
    outside.filter((file) => opens.test(code(file))),
    [],
  )
  assert.ok(withCode(opens).length > 0, 'the control: what opens sockets is seen where it may be')
  assert.deepEqual(withCode(opens, [listener]), [listener], 'the control: the listener is one')
})

test('SQL and drivers stay in the store', () => {
  const outside = sources.filter((file) => moduleOf(file) !== 'store')
  assert.deepEqual(withCode(/from '(kysely|pg|node:sqlite)/, outside), [])
})

test('ciphers stay in the vault', () => {
  const outside = sources.filter((file) => moduleOf(file) !== 'vault')
  assert.deepEqual(withCode(/create(Dec|C)ipher|hkdf/, outside), [])
})

test('what is sealed is opened in one place, which puts on record what does not open', () => {
  const outside = sources.filter((file) => moduleOf(file) !== 'custody')
  assert.deepEqual(withCode(/\bcreateOpener\b|'integrity\.violation',/, outside), [])
  assert.ok(withCode(/\bcreateOpener\b/).length > 1, 'the control: custody has it')
  // The sealed changes of audit events are opened in `audit`, where they are listed.
  assert.deepEqual(withCode(/\bkeyring\.open\(/).sort(), [
    'src/audit/sealed-changes.ts',
    'src/custody/opener.ts',
  ])
})

test('our status codes stand in the table of conditions; routes know 200 and 204', () => {
  const outside = sources.filter((file) => file !== 'src/errors.ts')
  assert.deepEqual(withCode(/\.(code|status)\((?!20[04]\))\d|statusCode = \d/, outside), [])
})

test('no code decides by the name of a carrier', () => {
  assert.deepEqual(withCode(/carrier\.(name|id)\s*===\s*'|carrierName\s*===\s*'/), [])
})

test('what a key may do is decided in operations; http holds a request against what its route declares', () => {
  const deciding = withCode(/\bscopes\.has\(|\brequireScope\(/)
  assert.deepEqual(deciding.filter((file) => ['http', 'cli'].includes(moduleOf(file))).sort(), [
    'src/http/server/authenticate.ts',
    'src/http/server/known-parameters.ts',
  ])
  assert.ok(deciding.length > 20, 'the control: operations do')
})

test('the process ends in one place only', () => {
  assert.deepEqual(withCode(/process\.exit/), ['src/run.ts'])
})

test('files stay small: none over 400 lines, half of them at most 60', () => {
  const lengths = sources
    .filter((file) => !GENERATED.has(file))
    .map((file) => [read(file).split('\n').length - 1, file] as const)
    .sort(([a], [b]) => a - b)
  assert.deepEqual(
    lengths.filter(([length]) => length > 400),
    [],
  )
  assert.ok((lengths[Math.floor(lengths.length / 2)]?.[0] ?? 0) <= 60)
  const withoutCarriers = lengths.filter(([, file]) => !/catalog\/(parcel|ltl)\//.test(file))
  assert.ok((withoutCarriers[Math.floor(withoutCarriers.length * 0.9)]?.[0] ?? 0) <= 200)
})

test('every exported function says in a sentence what it guarantees', () => {
  const silent = sources
    .filter((file) => !GENERATED.has(file))
    .flatMap((file) =>
      [...read(file).matchAll(/(\*\/\n)?^export (?:async )?function\*? (\w+)/gm)]
        .filter(([, sentence]) => sentence === undefined)
        .map(([, , name]) => `${file}: ${name}`),
    )
  assert.deepEqual(silent, [])
})

test('the client imports nothing but itself, and nothing imports it', () => {
  const client = sources.filter((file) => moduleOf(file) === 'client')
  assert.ok(client.length > 2)
  assert.deepEqual(withCode(/from '(?!\.\/)|import\(|process\.|Buffer/, client), [])
  const others = sources.filter((file) => moduleOf(file) !== 'client')
  assert.deepEqual(withCode(/\/client\//, others), [])
})

test('connections are written in one way: what that takes has no name outside of the store', () => {
  const writes =
    /\b(changeConnection|insertConnection|keepPrevious|supersedeToken|insertMessage|appendAuditEvent)\b/
  const outside = sources.filter((file) => moduleOf(file) !== 'store')
  assert.deepEqual(withCode(writes, outside), [])
  assert.ok(withCode(writes).length > 0, 'the control: the store has them')
  assert.deepEqual(withCode(/\bwriteConnection\b/, outside), ['src/connections/change/save-connection.ts'])
})
