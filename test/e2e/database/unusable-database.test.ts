import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { openWorkspace } from '../../support/processes/workspace.ts'
import { requireFirstKeys } from '../../support/processes/first-keys.ts'

const workspaceOf = async (t: TestContext) => {
  const workspace = await openWorkspace('sqlite')
  t.after(() => workspace.remove())
  return workspace
}

const file = (directory: string) => join(directory, 'data', 'hawser.db')

test('a database file that is none, is damaged or is a directory is refused by its path', async (t) => {
  const spoil: Record<string, (path: string) => void> = {
    garbage: (path) => writeFileSync(path, 'no database at all'.repeat(100)),
    directory: (path) => mkdirSync(path),
  }
  for (const [what, make] of Object.entries(spoil)) {
    const { run, directory } = await workspaceOf(t)
    mkdirSync(dirname(file(directory)), { recursive: true })
    make(file(directory))
    const { code, stdout, stderr } = await run(['migrate'])
    assert.deepEqual([code, stdout], [78, ''], `${what}: ${stderr}`)
    assert.ok(stderr.includes(file(directory)), stderr)
    assert.equal(stderr.trim().split('\n').length, 1, stderr)
  }
})

test('a database that has lost the record of its keys gets no new key', async (t) => {
  const { serve, run, directory, keyFile } = await workspaceOf(t)
  const server = await serve()
  const { sandbox } = requireFirstKeys(server.stdout())
  const body = { nickname: 'n', username: 'u', password: 'p' }
  const path = '/v1/connections/carriers/stamps_com'
  assert.equal((await server.request('POST', path, { key: sandbox, body })).status, 200)
  await server.stop()
  const db = new DatabaseSync(file(directory))
  db.exec('delete from installation; delete from key_term; pragma wal_checkpoint(truncate)')
  db.close()
  rmSync(keyFile)
  const before = readFileSync(file(directory))
  const { code, stderr } = await run(['migrate'])
  assert.deepEqual([code, stderr.includes('restore it whole')], [78, true], stderr)
  assert.ok(readFileSync(file(directory)).equals(before))
  assert.throws(() => readFileSync(keyFile), { code: 'ENOENT' })
})
