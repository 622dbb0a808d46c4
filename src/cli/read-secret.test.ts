import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { test } from 'node:test'
import { readSecret } from './read-secret.ts'

/** Returns a terminal, and a function that returns all that was written to the terminal. */
function terminal() {
  const modes: boolean[] = []
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => void modes.push(isRaw),
  })
  const output = new PassThrough()
  return { input, output, modes, shown: () => String(output.read() ?? '') }
}

test('at a terminal a secret is asked for and never shown', async () => {
  const { input, output, modes, shown } = terminal()
  const asked = readSecret('The key: ', { input, output })
  // The typed line is corrected with a backspace, which works at this prompt too.
  input.write('hws_secreX\u007ft\r')
  assert.equal((await asked).reveal(), 'hws_secret')
  assert.equal(shown(), 'The key: \n')
  assert.deepEqual(modes, [true, false], 'the terminal itself shows nothing either, until it is asked for')
})

test('an end without a line is nothing, and Ctrl-C breaks off', async () => {
  const ended = terminal()
  const asked = readSecret('The key: ', ended)
  ended.input.write('\u0004')
  assert.equal((await asked).reveal(), '')
  const stopped = terminal()
  const broken = readSecret('The key: ', stopped)
  stopped.input.write('hws_\u0003')
  await assert.rejects(broken, { name: 'StartRefused' })
  assert.deepEqual(stopped.modes, [true, false])
})

test('elsewhere the first line that comes is taken, and nothing is asked', async () => {
  const output = new PassThrough()
  const read = async (...chunks: string[]) =>
    (await readSecret('The key: ', { input: Readable.from(chunks), output })).reveal()
  assert.equal(await read('hws_a', 'bc\nmore\n'), 'hws_abc')
  assert.equal(await read('hws_abc'), 'hws_abc')
  assert.equal(await read(), '')
  const endless = Readable.from(
    (function* () {
      for (;;) yield 'x'.repeat(100)
    })(),
  )
  assert.ok((await readSecret('', { input: endless, output })).reveal().length < 2_000)
  assert.equal(output.read(), null)
})
