import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'

/** These packages and files take long to load. */
const HEAVY = ['kysely', 'pg', 'fastify', 'undici', 'pino', 'src/catalog/index.ts']
const OF_THE_SERVER = ['fastify', 'undici']

/** This table has the slow packages and files that the code of a command may not load. */
const LIGHT: Record<string, readonly string[]> = {
  ...Object.fromEntries(['index', 'list-keys', 'list-tenants'].map((name) => [name, HEAVY])),
  ...{ catalog: HEAVY.filter((name) => name !== 'src/catalog/index.ts') },
  ...Object.fromEntries(
    ['keys', 'tenants', 'erase', 'doctor', 'migrate'].map((name) => [name, OF_THE_SERVER]),
  ),
}

/** Lists all files that are loaded with a file before any of its code runs. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  if (!file.startsWith('src/')) return seen
  const imports = readFileSync(file, 'utf8').matchAll(
    /^(?:import|export) (?!type )(?:[^'"]*? from )?'([^']+)'/gm,
  )
  for (const [, to = ''] of imports)
    loadedWith(to.startsWith('.') ? normalize(join(dirname(file), to)) : to, seen)
  return seen
}

test('a command loads nothing heavy that it does not need', () => {
  for (const [name, heavy] of Object.entries(LIGHT)) {
    const loaded = loadedWith(name === 'index' ? 'src/cli/index.ts' : `src/cli/commands/${name}.ts`)
    assert.deepEqual(
      heavy.filter((one) => loaded.has(one)),
      [],
      name,
    )
  }
})

test('the control: the server loads all of it', () => {
  const loaded = loadedWith('src/main.ts')
  for (const one of ['fastify', 'pino', 'src/catalog/index.ts']) assert.ok(loaded.has(one), one)
  assert.ok(loadedWith('src/cli/commands/keys.ts').has('kysely'))
})
