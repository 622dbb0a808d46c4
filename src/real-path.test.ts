import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { realPath } from './real-path.ts'

test('a path leads to one place through links of files and directories, there or not yet', (t) => {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'hawser-test-')))
  t.after(() => rmSync(home, { recursive: true }))
  const at = (...parts: string[]) => join(home, ...parts)
  mkdirSync(at('real', 'deep'), { recursive: true })
  writeFileSync(at('real', 'there.db'), '')
  symlinkSync(at('real'), at('directory'))
  symlinkSync('real/there.db', at('file.db'))
  symlinkSync('file.db', at('second.db'))
  symlinkSync('real/not-yet.db', at('dangling.db'))
  symlinkSync('directory/deep/../not-yet.db', at('crooked.db'))
  symlinkSync(at('nowhere'), at('dangling-directory'))
  symlinkSync('dangling-directory/x.db', at('two-dangling.db'))
  symlinkSync('loop.db', at('loop.db'))
  for (const [path, real] of [
    ['real/there.db', 'real/there.db'],
    ['directory/there.db', 'real/there.db'],
    ['file.db', 'real/there.db'],
    ['second.db', 'real/there.db'],
    ['dangling.db', 'real/not-yet.db'],
    ['crooked.db', 'real/not-yet.db'],
    ['directory/new/x.db', 'real/new/x.db'],
    ['dangling-directory/x.db', 'nowhere/x.db'],
    ['two-dangling.db', 'nowhere/x.db'],
    ['loop.db', 'loop.db'],
    ['real/there.db/x', 'real/there.db/x'],
  ])
    assert.equal(realPath(at(path ?? '')), at(real ?? ''), path)
})
