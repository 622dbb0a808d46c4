import assert from 'node:assert/strict'
import {
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { blocksOf, CARRIER_PAGE, samplesOf } from '../../../scripts/page-samples.ts'
import { requireFirstKeys } from '../../support/processes/first-keys.ts'
import { missingProgram } from '../../support/processes/missing-program.ts'
import {
  logLines,
  startProgram,
  waitForEnd,
  type RunningProgram,
} from '../../support/processes/run-program.ts'
import { freePort } from '../../support/server/free-port.ts'

const PATIENCE_MS = 180_000
/** A checkout may have these folders beside its own files. */
const NOT_OURS = new Set(['node_modules', 'dist', '.git', 'data', 'data-keys'])

/** Reads every file of a checkout. */
const filesOf = (tree: string) =>
  Object.fromEntries(
    globSync('**', { cwd: tree, exclude: (name) => NOT_OURS.has(name) })
      .filter((path) => statSync(join(tree, path)).isFile())
      .sort()
      .map((path) => [path, readFileSync(join(tree, path), 'latin1')]),
  )

/** Lists the commands that a person would type one after the other; a line that ends in a backslash is one command with the next line. */
const commandsOf = (text: string) => text.replaceAll('\\\n', ' ').trim().split('\n')

describe(
  'the page on adding a carrier, followed word for word',
  { skip: missingProgram('bash') || missingProgram('curl') },
  () => {
    const tree = mkdtempSync(join(tmpdir(), 'hawser-page-'))
    const shown = blocksOf(CARRIER_PAGE)
      .filter(({ language }) => language === 'sh')
      .map(({ text }) => text)
    const [generate = '', tests = '', start = '', connect = '', remove = ''] = shown
    const samples = samplesOf(CARRIER_PAGE)
    const running: RunningProgram[] = []
    let untouched: Record<string, string> = {}
    let settings: Record<string, string> = {}
    let typed = (text: string) => text

    /** Runs a block of the page in the checkout, to its end. */
    const run = (text: string, more: Record<string, string> = {}) =>
      waitForEnd(
        startProgram(['bash', '-c', `set -e\n${typed(text)}`], tree, { ...settings, ...more }),
        PATIENCE_MS,
      )

    /** Starts a command that does not end by itself, and waits until its output shows that it listens. */
    async function startAndWait(command: string, isUp: (stdout: string) => boolean): Promise<RunningProgram> {
      const started = startProgram(
        ['bash', '-c', `exec env ${typed(command).replace(/&$/, '')}`],
        tree,
        settings,
      )
      running.push(started)
      while (!isUp(started.stdout())) {
        assert.equal(started.child.exitCode, null, `${command}\n${started.stdout()}\n${started.stderr()}`)
        await pause(20)
      }
      return started
    }

    before(async () => {
      cpSync('.', tree, { recursive: true, filter: (path) => !NOT_OURS.has(basename(path)) })
      symlinkSync(resolve('node_modules'), join(tree, 'node_modules'), 'junction')
      untouched = filesOf(tree)
      const [simulator, server] = [await freePort(), await freePort()]
      settings = { HAWSER_PORT: String(server) }
      typed = (text) => text.replaceAll('4020', String(simulator)).replaceAll('4010', String(server))
    })
    after(async () => {
      for (const { child, ended } of running) {
        child.kill('SIGTERM')
        await ended
      }
      rmSync(tree, { recursive: true, force: true })
    })

    test('the page has the blocks that are followed here, and no other', () => {
      assert.equal(shown.length, 5)
      assert.deepEqual(
        samples.map(({ path }) => path),
        [
          'src/catalog/parcel/acme-parcel.ts',
          'src/simulator/carriers/acme-parcel.ts',
          'src/catalog/ltl/acmf.ts',
        ],
      )
      assert.ok(Object.keys(untouched).length > 500, 'the checkout is copied')
    })

    test('its samples are written, and what follows from them is generated', async () => {
      for (const { path, text } of samples) writeFileSync(join(tree, path), text)
      const { code, stdout, stderr } = await run(generate)
      assert.equal(code, 0, stdout + stderr)
      const now = filesOf(tree)
      assert.match(now['src/simulator/index.ts'] ?? '', /acme-parcel/)
      assert.match(now['docs/carriers.md'] ?? '', /Acme Parcel/)
      assert.match(now['docs/carriers.md'] ?? '', /Acme Freight/)
    })

    test('the tests that loop over the catalog pass as they are', async () => {
      const { code, stdout, stderr } = await run(tests)
      assert.equal(code, 0, stdout + stderr)
      assert.match(stdout, /pass/)
    })

    test('the carrier accepts the right credentials and refuses others, and Hawser says so', async () => {
      const [simulate = '', accept = '', serve = '', ...others] = commandsOf(start)
      assert.deepEqual(others, [])
      await startAndWait(simulate, (stdout) => stdout.includes('HAWSER_CARRIER_HOSTS'))
      const accepted = await run(accept)
      assert.match(accepted.stdout, /account_number/)
      const server = await startAndWait(serve, (stdout) =>
        logLines(stdout).some(({ msg }) => msg === 'listening'),
      )
      const { production } = requireFirstKeys(server.stdout())
      // This function prints each answer on its own line.
      const answers = await run(`curl() { command curl "$@"; echo; }\n${connect}`, { KEY: production })
      assert.equal(answers.code, 0, answers.stderr)
      const [verified, refused] = answers.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      assert.equal(verified.verification.outcome, 'verified', answers.stdout)
      assert.equal(verified.state, 'verified', answers.stdout)
      assert.equal(refused.errors[0].message, 'Acme Parcel does not accept this API key.')
    })

    test('an id that a release has had cannot go: the generator refuses, and names it', async () => {
      const now = filesOf(tree)
      const [released, renamed] = [
        'node scripts/release/release-carrier-ids.ts',
        "sed -i 's/acme_parcel/acme/'",
      ]
      const { code, stderr } = await run(
        `PATH=node_modules/.bin:$PATH; ${released}; ${renamed} src/catalog/parcel/acme-parcel.ts; node scripts/gen-carrier-ids.ts`,
      )
      assert.equal(code, 1)
      assert.match(stderr, /No carrier has the id acme_parcel any more/)
      for (const path of ['src/catalog/ids.json', 'src/catalog/parcel/acme-parcel.ts'])
        writeFileSync(join(tree, path), now[path] ?? '', 'latin1')
    })

    test('without its files everything is as it was', async () => {
      assert.notDeepEqual(filesOf(tree), untouched, 'the control: the carrier is there')
      const { code, stdout, stderr } = await run(remove)
      assert.equal(code, 0, stdout + stderr)
      const now = filesOf(tree)
      const changed = Object.keys({ ...now, ...untouched }).filter((path) => now[path] !== untouched[path])
      assert.deepEqual(changed, [])
    })
  },
)
