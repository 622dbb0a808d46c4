import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { commands } from '../../../src/cli/commands.ts'
import { runAsOwner, databases } from '../../support/database/databases.ts'
import { openWorkspace } from '../../support/processes/workspace.ts'

/** These commands work without an installation. */
const WITHOUT = ['serve', 'simulate', 'catalog list', 'catalog show']

/** These options need a valid value, because commands check them before they look for an installation. */
const VALUES: Record<string, string> = { environment: 'sandbox', scopes: 'read' }

/** Returns a command line with everything that the command needs. */
function lineOf(name: string): string[] {
  const { words = [], options = {} } = commands[name] ?? {}
  const required = Object.entries(options).filter(([, { isRequired }]) => isRequired)
  return [
    ...name.split(' '),
    ...words.map(() => 'AAAAAAAAAAAA'),
    ...required.flatMap(([option]) => [`--${option}`, VALUES[option] ?? 'x']),
  ]
}

for (const database of databases)
  test(`no installation: every command but serve says that there is none, where it looked, and makes nothing (${database})`, async (t) => {
    const workspace = await openWorkspace(database)
    t.after(workspace.remove)
    const names = Object.keys(commands).filter((name) => !WITHOUT.includes(name))
    assert.ok(names.length >= 7)
    for (const name of names) {
      const { code, stderr } = await workspace.run(lineOf(name))
      assert.equal(code, 78, `${name}: ${stderr}`)
      assert.match(
        stderr,
        database === 'sqlite'
          ? /^There is no installation in the SQLite file \/.*\/data\/hawser\.db; "hawser serve" makes one\.\n$/
          : /^There is no installation in the PostgreSQL database "test_\w+" at [^ ]+:\d+; "hawser serve" makes one\.\n$/,
        name,
      )
      assert.deepEqual(readdirSync(workspace.directory), [], name)
    }
    if (database === 'postgres')
      assert.deepEqual(
        await runAsOwner(
          workspace.env.HAWSER_DATABASE_URL ?? '',
          `select 1 from pg_tables where schemaname = 'public'`,
        ),
        [],
      )
  })
