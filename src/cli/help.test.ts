import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commands } from './commands.ts'
import { describe, describeUnknown, findName } from './help.ts'

test('help lists every command, and of a group those that are in it', () => {
  for (const name of Object.keys(commands)) assert.match(describe([]) ?? '', new RegExp(`^  ${name} `, 'm'))
  const keys = describe(['keys']) ?? ''
  assert.match(keys, /^ {2}keys create/m)
  assert.doesNotMatch(keys, /tenants/)
})

test('help says of every command what it does, how it is written, and each of its options', () => {
  for (const [name, { about, words, options }] of Object.entries(commands)) {
    const help = describe(name.split(' ')) ?? ''
    assert.ok(help.startsWith(`Usage: hawser ${[name, ...words].join(' ')}`), help)
    assert.ok(help.includes(about))
    for (const [option, { value = '', about: told, isRequired }] of Object.entries(options)) {
      const line = help.split('\n').find((one) => one.startsWith(`  --${option}`)) ?? ''
      assert.ok(line.includes(value) && line.includes(told), `${name} --${option}`)
      assert.equal(line.endsWith('Required.'), isRequired === true)
      assert.ok(help.includes(isRequired ? `--${option} ${value}` : `[--${option}`))
    }
    assert.equal(findName([...name.split(' '), '--json', 'x']), name)
  }
})

test('a command that there is not is told, with what was probably meant', () => {
  const meant: Record<string, string> = {
    frobnicate: '"hawser help" lists them',
    serv: 'did you mean "serve"?',
    'doktor --json': 'did you mean "doctor"?',
    'key list': 'did you mean "keys list"?',
    tenant: 'did you mean "tenants"?',
    'tenants lst': 'did you mean "tenants list"?',
    'tenants frobnicate': 'there are tenants create, ',
    keys: '"keys" alone does nothing; there are keys create, keys list, keys revoke',
  }
  for (const [line, end] of Object.entries(meant)) {
    const words = line.split(' ')
    assert.equal(describe(words) === undefined || line === 'keys', true, line)
    assert.ok(describeUnknown(words).includes(end), describeUnknown(words))
  }
  for (const word of ['constructor', '__proto__', 'toString']) assert.equal(findName([word]), undefined)
})
