import { type EndedProgram, type RunningProgram, PATIENCE_MS, logLines, waitForEnd } from './run-program.ts'

export type Answer = { status: number; headers: Headers; text: string; json: any }
type Asked = { key?: string; body?: unknown; headers?: Record<string, string> }

/** A server process is a server that listens in its own process. */
export type ServerProcess = {
  address: string
  pid: number
  /** This is the time in milliseconds from the start of the process until it said that it listens. */
  startMs: number
  request: (method: string, path: string, asked?: Asked) => Promise<Answer>
  stdout: () => string
  stderr: () => string
  /** Sends SIGTERM and waits for the end. */
  stop: () => Promise<EndedProgram>
  /** Sends SIGKILL, so that nothing runs any more, and waits for the end. */
  kill: () => Promise<EndedProgram>
  isAlive: () => boolean
  ended: Promise<EndedProgram>
}

export async function untilListening(running: RunningProgram): Promise<ServerProcess> {
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
    return waitForEnd(running)
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
