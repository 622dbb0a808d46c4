import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { logLines, startProgram, waitForEnd } from '../../support/processes/run-program.ts'
import { openWorkspace } from '../../support/processes/workspace.ts'

const checkout = fileURLToPath(new URL('../../..', import.meta.url))

/** Starts a script of the package, waits for `isUp` in what it prints, stops npm with SIGTERM, and answers how that ended. */
async function runAndStop(
  words: string[],
  settings: Record<string, string>,
  isUp: (stdout: string) => boolean,
) {
  const running = startProgram(['npm', ...words], checkout, settings)
  await new Promise<void>((up) => {
    running.child.stdout?.on('data', () => {
      if (isUp(running.stdout())) up()
    })
  })
  running.child.kill('SIGTERM')
  return waitForEnd(running)
}

describe('npm start', { skip: process.platform === 'win32' ? 'the shell there has no exec' : false }, () => {
  test('runs on the Node that the package brings, and ends with 0 when npm itself gets SIGTERM', async () => {
    const workspace = await openWorkspace('sqlite')
    try {
      const settings = {
        HAWSER_PORT: '0',
        HAWSER_DATABASE_URL: `sqlite:${join(workspace.directory, 'data', 'hawser.db')}`,
      }
      const { code, stdout } = await runAndStop(['start'], settings, (text) =>
        logLines(text).some(({ msg }) => msg === 'listening'),
      )
      assert.equal(code, 0)
      assert.equal(logLines(stdout).at(-1)?.msg, 'stopping')
    } finally {
      await workspace.remove()
    }
  })

  test('the simulated carriers end with 0 when npm itself gets SIGTERM, and leave nothing behind', async () => {
    const words = ['run', '-s', 'simulate', '--', '--port', '0', '--json']
    const { code, stdout } = await runAndStop(words, {}, (text) => text.includes('}'))
    assert.equal(code, 0)
    const { address } = JSON.parse(stdout) as { address: string }
    await assert.rejects(fetch(address), TypeError)
  })
})
