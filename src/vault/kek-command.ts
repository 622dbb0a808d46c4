import { spawn } from 'node:child_process'
import { StartRefused } from '../errors.ts'
import type { KeyWrapper, WrapContext } from './kek-source.ts'

const PATIENCE_MS = 5_000
const MOST_BYTES = 64 * 1024

type Question =
  { op: 'info' } | { op: 'wrap' | 'unwrap'; context: { install: string; term: number }; data: string }

/**
 * Makes a wrapper that calls a program which speaks with a key management service; the program reads one JSON object and writes one, within 5 seconds and 64 KiB.
 * Throws `StartRefused` where the program fails; the refusal never repeats the program's output, which may hold a key.
 */
export async function commandWrapper(argv: readonly string[]): Promise<KeyWrapper> {
  const call = async (op: 'wrap' | 'unwrap', bytes: Uint8Array, { installationId, term }: WrapContext) => {
    const data = Buffer.from(bytes).toString('base64')
    const answer = await ask(argv, { op, context: { install: installationId, term }, data })
    return Buffer.from(requireText(answer, 'data'), 'base64')
  }
  return {
    id: requireText(await ask(argv, { op: 'info' }), 'kek_id'),
    provider: 'command',
    wrap: (key, context) => call('wrap', key, context),
    unwrap: (wrapped, context) => call('unwrap', wrapped, context),
  }
}

function requireText(answer: Record<string, unknown>, member: string): string {
  const value = answer[member]
  if (typeof value !== 'string' || value === '') throw commandFailed(`answered no text "${member}"`)
  return value
}

function ask(argv: readonly string[], question: Question): Promise<Record<string, unknown>> {
  const [program, ...rest] = argv
  return new Promise((resolve, reject) => {
    const child = spawn(program ?? '', rest, { stdio: ['pipe', 'pipe', 'ignore'], shell: false })
    const chunks: Buffer[] = []
    let size = 0
    const give = (why: string) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      // A program that the child started may still hold the pipe open.
      child.stdout.destroy()
      reject(commandFailed(why))
    }
    const timer = setTimeout(() => give('did not answer within 5 seconds'), PATIENCE_MS)
    child.on('error', () => give('could not be started'))
    child.stdin.on('error', () => {})
    child.stdin.end(JSON.stringify(question))
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > MOST_BYTES) give('answered more than 64 KiB')
      else chunks.push(chunk)
    })
    child.on('close', (status) => {
      clearTimeout(timer)
      if (status !== 0) return reject(commandFailed('failed'))
      const answer = parseAnswer(Buffer.concat(chunks).toString('utf8'))
      if (answer) resolve(answer)
      else reject(commandFailed('answered no JSON object'))
    })
  })
}

function parseAnswer(text: string): Record<string, unknown> | undefined {
  try {
    const answer: unknown = JSON.parse(text)
    return typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

const commandFailed = (why: string) => new StartRefused(`The program in HAWSER_KEK_COMMAND ${why}.`)
