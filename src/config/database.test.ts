import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { database } from './database.ts'
import { UnparsableSetting } from './parsers.ts'

const SECRET = 'Tr0ub4dor-3-Kq9'

function refusalOf(value: string): string {
  try {
    database(value)
  } catch (error) {
    assert.ok(error instanceof UnparsableSetting, String(error))
    return error.message
  }
  return assert.fail(`${value} is taken`)
}

test('a path that other programs read in another way is refused, and told what to write instead', () => {
  for (const [says, ...paths] of [
    ['nothing stands', '', ' ', '\t'],
    ['white space', ' /x', '/x ', '/x\n/y', '/x\t'],
    ['no parameters', '/x?mode=rwc', 'x.db?cache=shared', '?', '//?x', '//./x?'],
    ['escapes', '/a%20b/x', 'a%2Fb'],
    ['in memory', ':memory:', ':x'],
    ['without "file:"', 'file:/x', 'FILE:x', 'file:///x'],
    ['home directory', '~/x', '~user/x', '~'],
    ['without "//"', '//./x', '//../x', '//.', '///./x', '////../x'],
    ['no host', '//host/x', '//x', '//localhost/x', '//x.db'],
    ['directory', '/x/', './', '.', '..', '/x/..', '/', 'a\\', '//', '///'],
  ])
    for (const path of paths)
      assert.match(refusalOf(`sqlite:${path}`), new RegExp(says ?? ''), `sqlite:${path}`)
})

test('every other path is the one that it says', () => {
  for (const path of [
    'x',
    './x',
    '../x',
    'a/b.db',
    '/a/b.db',
    '/a b/c#1.db',
    '/100%/x.db',
    '/東京/x.db',
    'x:y',
  ])
    assert.deepEqual(database(`sqlite:${path}`), { kind: 'sqlite', path: resolve(path) })
  for (const slashes of ['///', '////'])
    assert.deepEqual(database(`sqlite:${slashes}a/b.db`), { kind: 'sqlite', path: resolve('/a/b.db') })
})

test('an address of PostgreSQL that would be read in another way than it seems is refused without a word of it', () => {
  for (const address of [
    ...['/', '1/2', '?', '#', '#@', '/@', '%ff', '%c3'].map((raw) => `u:${SECRET}${raw}x@h/d`),
    ...['h:x/d', 'h:99999/d', 'h:1,h:2/d', 'h,g/d', `u:${SECRET}@h/d#x`, `u:1/${SECRET}@h/d`, '[::1/d'],
    `u:${SECRET}@h/d?sslmode=bogus`,
  ]) {
    const told = refusalOf(`postgres://${address}`)
    assert.match(told, /^postgres:\/\/<user>:<password>@<host>/, address)
    assert.ok(!told.includes(SECRET) && !told.includes('bogus'), told)
  }
})

test('an address that PostgreSQL clients read as it seems is taken as it is', () => {
  for (const rest of [
    'u:p@ss@h/d',
    'u:p%40ss%2F@h:5432/d',
    'u:50%@h/d',
    'u:p%zz@h/d',
    'u:a:b@h/d',
    'h/d',
    '[::1]:5432/d',
    '/d?host=/run/postgresql',
    'u@h/d?sslmode=verify-full&options=-csearch_path%3Dsecond',
  ])
    for (const scheme of ['postgres', 'postgresql']) {
      const found = database(`${scheme}://${rest}`)
      assert.ok(found.kind === 'postgres')
      assert.equal(found.url.reveal(), `${scheme}://${rest}`)
    }
})
