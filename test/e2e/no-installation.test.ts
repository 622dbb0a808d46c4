import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { commands } from '../../src/cli/commands.ts'
import { administer, databases } from '../support/harness.ts'
import { openPlace } from '../support/server-process.ts'

/** Commands that work without an installation. */
const WITHOUT = ['serve', 'simulate', 'catalog list', 'catalog show']

/** Words behind the name where a command does not do without. */
const WORDS: Record<string, string[]> = {
  'tenants create': ['--name', 'x'],
  'keys create': ['--tenant', 'default', '--environment', 'sandbox', '--scopes', 'read'],
  'keys revoke': ['AAAAAAAAAAAA'],
}

for (const database of databases)
  test(`no installation: every command but serve says that there is none, where it looked, and makes nothing (${database})`, async (t) => {
    const place = await openPlace(database)
    t.after(place.remove)
    const names = Object.keys(commands).filter((name) => !WITHOUT.includes(name))
    assert.ok(names.length >= 7)
    for (const name of names) {
      const { code, stderr } = await place.run([...name.split(' '), ...(WORDS[name] ?? [])])
      assert.equal(code, 78, `${name}: ${stderr}`)
      assert.match(
        stderr,
        database === 'sqlite'
          ? /^There is no installation in the SQLite file \/.*\/data\/hawser\.db; "hawser serve" makes one\.\n$/
          : /^There is no installation in the PostgreSQL database "test_\w+" at [^ ]+:\d+; "hawser serve" makes one\.\n$/,
        name,
      )
      assert.deepEqual(readdirSync(place.directory), [], name)
    }
    if (database === 'postgres')
      assert.deepEqual(
        await administer(
          place.env.HAWSER_DATABASE_URL ?? '',
          `select 1 from pg_tables where schemaname = 'public'`,
        ),
        [],
      )
  })
