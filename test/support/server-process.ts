import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { newDatabase, type DatabaseName } from './harness.ts'

/** The program as a user starts it. */
export const program = fileURLToPath(new URL('../../bin/hawser.js', import.meta.url))

/** Settings of a program; `undefined` takes one of the place away. */
export type Settings = Record<string, string | undefined>

/** How a program came to its end, and all that it printed. */
export type Ended = {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  ms: number
}

export type Answer = { status: number; headers: Headers; text: string; json: any }
type Asked = { key?: string; body?: unknown; headers?: Record<string, string> }

/** A server that listens, in a process of its own. */
export type ServerProcess = {
  address: string
  pid: number
  /** Milliseconds from its start until it said that it listens. */
  startMs: number
  request: (method: string, path: string, asked?: Asked) => Promise<Answer>
  stdout: () => string
  stderr: () => string
  /** Sends SIGTERM and waits for the end. */
  stop: () => Promise<Ended>
  /** Sends SIGKILL, so that nothing runs any more, and waits for the end. */
  kill: () => Promise<Ended>
  isAlive: () => boolean
  ended: Promise<Ended>
}

/**
 * A directory of its own that programs run in, with a database of its own: on SQLite `data/hawser.db` in it, by the program's defaults.
 * The key file is `data-keys/kek` in it, by the program's defaults too.
 */
export type Place = {
  database: DatabaseName
  directory: string
  env: Settings
  keyFile: string
  /** Runs a command to its end; kills it, and throws, when it takes longer than `patienceMs`. */
  run: (words: string[], settings?: Settings, patienceMs?: number) => Promise<Ended>
  /** Starts a server and waits until it listens; throws with all it printed when it ends instead. */
  serve: (settings?: Settings) => Promise<ServerProcess>
  /** Starts a program and waits for nothing. */
  start: (words: string[], settings?: Settings) => Running
  /** Ends what still runs and removes everything. */
  remove: () => Promise<void>
}

/** A started program. */
export type Running = {
  child: ChildProcess
  stdout: () => string
  stderr: () => string
  ended: Promise<Ended>
  startedAt: number
}

const PATIENCE_MS = 30_000

/** An empty place with an empty database. */
export async function openPlace(database: DatabaseName): Promise<Place> {
  const directory = mkdtempSync(join(tmpdir(), 'hawser-e2e-'))
  const postgres = database === 'postgres' ? await newDatabase('postgres') : undefined
  const env: Settings = { HAWSER_PORT: '0', HAWSER_DATABASE_URL: postgres?.url, HAWSER_VERIFICATION: 'off' }
  const running = new Set<Running>()
  const start: Place['start'] = (words, settings = {}) => {
    const started = startProgram([process.execPath, program, ...words], directory, { ...env, ...settings })
    running.add(started)
    void started.ended.then(() => running.delete(started))
    return started
  }
  return {
    database,
    directory,
    env,
    keyFile: join(directory, 'data-keys', 'kek'),
    start,
    run: (words, settings, patienceMs = PATIENCE_MS) => untilEnd(start(words, settings), patienceMs),
    serve: (settings) => untilListening(start(['serve'], settings)),
    remove: async () => {
      for (const { child, ended } of running) {
        child.kill('SIGKILL')
        await ended
      }
      rmSync(directory, { recursive: true, force: true })
      await postgres?.remove()
    },
  }
}

/** Starts any program; of the environment of the tests it gets what a shell needs and nothing of Hawser's. */
export function startProgram(
  [file = '', ...words]: readonly string[],
  directory: string,
  settings: Settings = {},
): Running {
  const { PATH, HOME, TMPDIR } = process.env
  const startedAt = performance.now()
  const child = spawn(file, words, {
    cwd: directory,
    env: { PATH, HOME, TMPDIR, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8')
    child[name].on('data', (chunk: string) => (texts[name] += chunk))
  }
  const ended = once(child, 'close').then(([code, signal]): Ended => {
    return { code, signal, ...texts, ms: performance.now() - startedAt }
  })
  return { child, stdout: () => texts.stdout, stderr: () => texts.stderr, ended, startedAt }
}

/** How a program ended; kills it, and throws, when that takes longer than `patienceMs`. */
export async function untilEnd(running: Running, patienceMs = PATIENCE_MS): Promise<Ended> {
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    running.child.kill('SIGKILL')
  }, patienceMs)
  const ended = await running.ended
  clearTimeout(timer)
  if (isLate)
    throw new Error(`A program did not end within ${patienceMs} ms.\n${ended.stdout}\n${ended.stderr}`)
  return ended
}

/** Every line of the log in a text, read. */
export function logLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

async function untilListening(running: Running): Promise<ServerProcess> {
  const { child, ended, stdout, stderr, startedAt } = running
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  const address = await new Promise<string>((resolve, reject) => {
    const look = () => {
      const found = logLines(stdout()).find(({ msg }) => msg === 'listening')
      if (!found) return
      child.stdout?.off('data', look)
      resolve(found.address as string)
    }
    child.stdout?.on('data', look)
    void ended.then(({ code, signal }) =>
      reject(new Error(`The server ended (${code ?? signal}) and did not listen.\n${stdout()}\n${stderr()}`)),
    )
  }).finally(() => clearTimeout(timer))
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal)
    return untilEnd(running)
  }
  return {
    address,
    pid: child.pid ?? 0,
    startMs: performance.now() - startedAt,
    request: (method, path, asked) => ask(address, method, path, asked),
    stdout,
    stderr,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    isAlive: () => child.exitCode === null && child.signalCode === null,
    ended,
  }
}

async function ask(address: string, method: string, path: string, asked: Asked = {}): Promise<Answer> {
  const { key, body, headers = {} } = asked
  const response = await fetch(`${address}${path}`, {
    method,
    headers: {
      ...(key ? { 'API-Key': key } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json')
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson && text !== '' ? JSON.parse(text) : undefined,
  }
}

/** The two keys that a first start printed, or none. */
export function firstKeys(stdout: string): { production: string; sandbox: string } | undefined {
  const production = /^ +production +(hws_\w+)$/m.exec(stdout)?.[1]
  const sandbox = /^ +sandbox +(TEST_hws_\w+)$/m.exec(stdout)?.[1]
  return production && sandbox ? { production, sandbox } : undefined
}

/** The same, of a start that has to have printed them. */
export function requireFirstKeys(stdout: string): { production: string; sandbox: string } {
  const keys = firstKeys(stdout)
  if (!keys) throw new Error(`The first start printed no keys:\n${stdout}`)
  return keys
}
