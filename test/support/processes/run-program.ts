import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** This is the path of the program, as a user starts it. */
export const PROGRAM = fileURLToPath(new URL('../../../bin/hawser.js', import.meta.url))

/** These are the settings of a program; `undefined` removes a setting of the workspace. */
export type Settings = Record<string, string | undefined>

/** This is the end of a program: its exit code, and everything that it printed. */
export type EndedProgram = {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  ms: number
}

/** This is a started program. */
export type RunningProgram = {
  child: ChildProcess
  stdout: () => string
  stderr: () => string
  ended: Promise<EndedProgram>
  startedAt: number
}

export const PATIENCE_MS = 30_000

/** Starts any program; of the environment of the tests it gets what a shell needs and nothing of Hawser's. */
export function startProgram(
  [file = '', ...words]: readonly string[],
  directory: string,
  settings: Settings = {},
): RunningProgram {
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
  const ended = once(child, 'close').then(([code, signal]): EndedProgram => {
    return { code, signal, ...texts, ms: performance.now() - startedAt }
  })
  return { child, stdout: () => texts.stdout, stderr: () => texts.stderr, ended, startedAt }
}

/** Waits for the end of a program; kills it, and throws, when that takes longer than `patienceMs`. */
export async function waitForEnd(running: RunningProgram, patienceMs = PATIENCE_MS): Promise<EndedProgram> {
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

/** Reads every line of the log in a text as JSON. */
export function logLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
