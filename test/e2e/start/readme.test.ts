import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { openWorkspace } from '../../support/processes/workspace.ts'
import { missingProgram } from '../../support/processes/missing-program.ts'
import { requireFirstKeys } from '../../support/processes/first-keys.ts'

const execute = promisify(execFile)

/** Lists the fenced blocks of one part of the README, in order. */
function blocksOf(heading: string): { language: string; text: string }[] {
  const part = readFileSync('README.md', 'utf8')
    .split(/^## /m)
    .find((text) => text.startsWith(`${heading}\n`))
  return [...(part ?? '').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
    language,
    text,
  }))
}

/** Replaces ids and times, which differ from run to run, in a text. */
const lasting = (text: string) =>
  text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, '<uuid>')
    .replace(/se-[0-9a-v]{16}/g, '<carrier id>')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')

test(
  'README: what “Try it” shows is what a fresh installation answers',
  { skip: missingProgram('bash') || missingProgram('curl') },
  async () => {
    const blocks = blocksOf('Try it')
    assert.ok(blocks.filter(({ language }) => language === 'json').length >= 8)
    const workspace = await openWorkspace('sqlite')
    try {
      const server = await workspace.serve({ HAWSER_RATE_LIMIT: 'off', HAWSER_VERIFICATION: undefined })
      const { sandbox } = requireFirstKeys(server.stdout())
      let id = ''
      for (const [index, { language, text }] of blocks.entries()) {
        const shown = blocks[index + 1]
        if (language !== 'sh' || shown?.language !== 'json') continue
        const typed = text
          .replaceAll('KEY=TEST_hws_…', '')
          .replaceAll('ID=se-…', '')
          .replaceAll('localhost:4010', server.address.replace('http://', ''))
        // The script prints each answer on its own line, so that the test can find the last one.
        const script = `curl() { command curl "$@"; echo; }\nKEY=${sandbox}\nID=${id}\n${typed}`
        const { stdout } = await execute('bash', ['-c', script])
        const answer = stdout.trim().split('\n').at(-1) ?? ''
        assert.deepEqual(JSON.parse(lasting(answer)), JSON.parse(lasting(shown.text)), text)
        id = /se-[0-9a-v]{16}/.exec(answer)?.[0] ?? id
      }
    } finally {
      await workspace.remove()
    }
  },
)
