import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { migrations } from '../../../src/store/migrate.ts'
import { runAsOwner, databases } from '../../support/database/databases.ts'
import { openWorkspace, type Workspace } from '../../support/processes/workspace.ts'

const COMMANDS = [['serve'], ['doctor'], ['migrate']]
const names = Object.keys(migrations)
const [first = '', middle = '', last = ''] = [names[0], names[9], names.at(-1)]

/** Each entry is a way to lose the record of the schema, or a part of it that every start needs, with what the start says about the loss. */
const LOST: Record<string, { statement: string; told: RegExp }> = {
  'the newest row': {
    statement: `delete from hawser_migration where name = '${last}'`,
    told: new RegExp(`changed already as ${last} does, .* values \\('${last}', ''\\)`),
  },
  'a row between': {
    statement: `delete from hawser_migration where name = '${middle}'`,
    told: new RegExp(`changed already as ${middle} does, .* values \\('${middle}', ''\\)`),
  },
  'every row': {
    statement: 'delete from hawser_migration',
    told: new RegExp(`changed already as ${first} does`),
  },
  'the table of the record': {
    statement: 'drop table hawser_migration',
    told: /not the table hawser_migration, the record .* restore the database from a backup/,
  },
  'the table of keys': {
    statement: 'drop table key_term',
    told: /has lost the table key_term\. To go on, restore the database from a backup/,
  },
  'the table of the installation': {
    statement: 'drop table installation',
    told: /has lost the table installation\. To go on, restore/,
  },
  'the table of connections': {
    statement: 'drop table connection cascade',
    told: /has lost the table connection\. To go on, restore/,
  },
}

const run = async (workspace: Workspace, statement: string): Promise<void> => {
  if (workspace.database === 'postgres') {
    await runAsOwner(workspace.env.HAWSER_DATABASE_URL ?? '', statement)
    return
  }
  const db = new DatabaseSync(join(workspace.directory, 'data', 'hawser.db'), {
    enableForeignKeyConstraints: false,
  })
  db.exec(statement.replace(' cascade', ''))
  db.close()
}

for (const database of databases)
  for (const [what, { statement, told }] of Object.entries(LOST))
    test(`a database that has lost ${what} is refused with where, why and a remedy (${database})`, async (t) => {
      const workspace = await openWorkspace(database)
      t.after(workspace.remove)
      await (await workspace.serve()).stop()
      await run(workspace, statement)
      const where =
        database === 'sqlite' ? /^The SQLite file \S+hawser\.db / : /^The PostgreSQL database "\w+" at \S+ /
      for (const command of COMMANDS) {
        const { code, stderr } = await workspace.run(command)
        assert.equal(code, 78, `${command.join(' ')}: ${stderr}`)
        assert.match(stderr, where)
        assert.match(stderr, told)
        assert.match(stderr, /Nothing was changed\.\n$/)
      }
      if (what !== 'the newest row' && what !== 'a row between') return
      const { stderr } = await workspace.run(['migrate'])
      await run(workspace, /put it back: (insert .*?); "/.exec(stderr)?.[1] ?? '')
      const { code, stdout } = await workspace.run(['doctor'])
      assert.deepEqual([code, /^database as a whole: nothing is broken$/m.test(stdout)], [0, true], stdout)
    })

test('a directory or a device in the place of the SQLite file is refused with path, reason and remedy', async (t) => {
  const workspace = await openWorkspace('sqlite')
  t.after(workspace.remove)
  const directory = join(workspace.directory, 'store')
  mkdirSync(directory)
  for (const [path, why] of [
    [directory, 'EISDIR: it is a directory'],
    ['/dev/null', 'no file: it is a device, a pipe or a socket'],
  ])
    for (const command of COMMANDS) {
      const { code, stderr } = await workspace.run(command, { HAWSER_DATABASE_URL: `sqlite:${path}` })
      const remedy = 'name a file in HAWSER_DATABASE_URL, as sqlite:<directory>/hawser.db'
      assert.deepEqual(
        [code, stderr],
        [78, `The database file ${path} cannot be used (${why}): ${remedy}.\n`],
        command.join(' '),
      )
    }
})
