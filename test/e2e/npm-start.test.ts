import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { logLines, openPlace, startProgram, untilEnd } from '../support/server-process.ts'

const checkout = fileURLToPath(new URL('../..', import.meta.url))

describe('npm start', { skip: process.platform === 'win32' ? 'the shell there has no exec' : false }, () => {
  test('runs on the Node that the package brings, and ends with 0 when npm itself gets SIGTERM', async () => {
    const place = await openPlace('sqlite')
    try {
      const settings = {
        HAWSER_PORT: '0',
        HAWSER_DATABASE_URL: `sqlite:${join(place.directory, 'data', 'hawser.db')}`,
      }
      const running = startProgram(['npm', 'start'], checkout, settings)
      await new Promise<void>((listening) => {
        running.child.stdout?.on('data', () => {
          if (logLines(running.stdout()).some(({ msg }) => msg === 'listening')) listening()
        })
      })
      running.child.kill('SIGTERM')
      const { code, stdout } = await untilEnd(running)
      assert.equal(code, 0)
      assert.equal(logLines(stdout).at(-1)?.msg, 'stopping')
    } finally {
      await place.remove()
    }
  })
})
