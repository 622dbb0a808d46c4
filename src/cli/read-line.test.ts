import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Command } from './command.ts'
import { commands } from './commands.ts'
import { readLine } from './read-line.ts'

const create = commands['keys create'] as Command
const read = (line: string, command = create, name = 'keys create') =>
  readLine(name, command, line === '' ? [] : line.split(' '))

test('options and words are read as they stand', () => {
  const given = '--tenant a --environment=sandbox --scopes read,write --description=-x --json'
  assert.deepEqual(
    { ...read(given).values },
    { tenant: 'a', environment: 'sandbox', scopes: 'read,write', description: '-x', json: true },
  )
  assert.deepEqual(read('abc --json', commands['keys revoke']).words, ['abc'])
})

const needed = '--tenant a --environment sandbox --scopes read'
const wrong: [line: string, ...told: RegExp[]][] = [
  ['', /it needs --tenant <name or id>, --environment production\|sandbox, --scopes <scope,…>\. See/],
  ['--tenant a --scopes=', /it needs --environment production\|sandbox, --scopes/],
  [`${needed} --tenat b`, /there is no option --tenat \(did you mean --tenant\?\)\. See/],
  [`${needed} --Expires x`, /there is no option --Expires \(did you mean --expires\?\)/],
  [`${needed} --bogus --frob`, /there is no option --bogus; there is no option --frob/],
  [`${needed} -j`, /there is no option -j/],
  [`${needed} --constructor`, /there is no option --constructor/],
  [`${needed} --__proto__`, /there is no option --__proto__/],
  [`${needed} --no-json`, /there is no option --no-json/],
  [`${needed} --json=yes`, /--json takes no value/],
  [`${needed} --expires`, /--expires <time>: the value is missing/],
  [`${needed} --description --json`, /--description is followed by --json; .*--description=--json/],
  [`${needed} --tenant b`, /--tenant stands twice/],
  [`${needed} more words`, /"more" has no place here; "words" has no place here/],
  [
    '--tenat secret',
    /^keys create: there is no option --tenat \(did you mean --tenant\?\); it needs --environment \S+, --scopes <scope,…>\./,
  ],
]

test('whatever is unknown, wrong or missing is told at once, in one line, by name', () => {
  for (const [line, ...told] of wrong)
    assert.throws(
      () => read(line),
      ({ name, message }: Error) => {
        for (const one of told) assert.match(message, one)
        assert.match(message, /^keys create: [^\n]*See "hawser help keys create"\.$/)
        return name === 'StartRefused'
      },
      line,
    )
})

test('every command refuses an option that it does not have, a word too many, and a word too few', () => {
  for (const [name, command] of Object.entries(commands)) {
    const words = command.words.map(() => 'x')
    for (const more of [['--bogus'], ['-x'], ['extra']])
      assert.throws(() => readLine(name, command, [...words, ...more]), { name: 'StartRefused' }, name)
    const isNeeded = command.words.some((word) => !word.startsWith('['))
    if (isNeeded) assert.throws(() => readLine(name, command, []), { name: 'StartRefused' })
  }
})
