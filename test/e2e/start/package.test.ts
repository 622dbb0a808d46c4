import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { logLines, startProgram, waitForEnd, type EndedProgram } from '../../support/processes/run-program.ts'

const execute = promisify(execFile)

describe(
  'the package as it is published',
  { skip: process.platform === 'win32' ? 'needs tar' : false },
  () => {
    let directory: string
    let program: string

    before(async () => {
      directory = mkdtempSync(join(tmpdir(), 'hawser-package-'))
      const { stdout } = await execute('npm', ['pack', '--silent', '--pack-destination', directory])
      await execute('tar', ['-xzf', join(directory, stdout.trim().split('\n').at(-1) ?? ''), '-C', directory])
      const modules = join(directory, 'node_modules')
      mkdirSync(modules)
      for (const name of readdirSync('node_modules').filter((name) => !name.startsWith('.')))
        symlinkSync(resolve('node_modules', name), join(modules, name))
      renameSync(join(directory, 'package'), join(modules, 'hawser'))
      program = join(modules, 'hawser', 'bin', 'hawser.js')
    })
    after(() => rmSync(directory, { recursive: true, force: true }))

    const run = (...words: string[]): Promise<EndedProgram> =>
      waitForEnd(startProgram([process.execPath, program, ...words], directory, { HAWSER_PORT: '0' }))

    test('holds what runs and no sources or tests', () => {
      const files = readdirSync(join(directory, 'node_modules', 'hawser'), { recursive: true }) as string[]
      assert.ok(files.includes(join('dist', 'cli', 'index.js')))
      const types = /^dist.client.\w+\.d\.ts$/
      assert.equal(files.filter((file) => types.test(file)).length, 5)
      assert.deepEqual(
        files.filter(
          (file) =>
            !types.test(file) &&
            /\.ts$|\.test\.|^test|^\.env|kek|\.db$/.test(file) &&
            !/kek-(source|command)\.js$/.test(file),
        ),
        [],
      )
    })

    test('runs the command line, though Node strips no types below node_modules', async () => {
      const { code, stdout } = await run('catalog', 'list', '--json')
      assert.equal(code, 0)
      assert.ok(JSON.parse(stdout).carriers.length > 140)
    })

    test('gives other programs its client, with types', async () => {
      const code = `import { createClient } from 'hawser/client'; console.log(typeof createClient({ baseUrl: 'https://hawser.test', apiKey: 'k' }).connect)`
      const { stdout } = await execute(process.execPath, ['--input-type=module', '-e', code], {
        cwd: directory,
      })
      assert.equal(stdout.trim(), 'function')
      const program = join(directory, 'program.mts')
      writeFileSync(
        program,
        `import { createClient } from 'hawser/client'
const client = createClient({ baseUrl: 'https://hawser.test', apiKey: 'k' })
void client.connect('stamps_com', { nickname: 'n', username: 'u', password: 'p' })
// @ts-expect-error a field that is missing
void client.connect('stamps_com', { nickname: 'n', username: 'u' })
`,
      )
      const options = ['--strict', '--noEmit', '--module', 'nodenext', '--lib', 'esnext,dom']
      const compiler = resolve('node_modules/typescript/bin/tsc')
      await execute(process.execPath, [compiler, ...options, program], { cwd: directory })
    })

    test('serves the API and its reference', async () => {
      const running = startProgram([process.execPath, program, 'serve'], directory, { HAWSER_PORT: '0' })
      try {
        const address = await new Promise<string>((found) => {
          running.child.stdout?.on('data', () => {
            const line = logLines(running.stdout()).find(({ msg }) => msg === 'listening')
            if (line) found(line.address as string)
          })
        })
        for (const path of ['/readyz', '/openapi.json', '/docs', '/docs/swagger-ui.css'])
          assert.equal((await fetch(address + path)).status, 200, path)
      } finally {
        running.child.kill('SIGTERM')
      }
      assert.equal((await running.ended).code, 0)
    })
  },
)
