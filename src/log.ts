import { pino, type DestinationStream, type Logger } from 'pino'
import { ApiError } from './errors.ts'

export type Log = Logger

/**
 * A logger that writes JSON lines; an error is reduced to names, codes and stack frames, because the texts of foreign errors quote input.
 * Without a destination it writes to standard output, asynchronously.
 */
export function createLog(level: string, destination?: DestinationStream): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    destination ?? pino.destination({ dest: 1, sync: false }),
  )
}

type Described = { name: string; code?: string; message?: string; at?: string[]; cause?: Described }

/** What may be told of an error: our own messages, a foreign error's name and code, and where both came from. */
export function describeError(error: unknown, depth = 0): Described {
  if (!(error instanceof Error)) return { name: typeof error }
  const { code } = error as { code?: unknown }
  const ours = error instanceof ApiError || error.name === 'StoreError' || error.name === 'StartRefused'
  return {
    name: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    ...(ours ? { message: error.message } : {}),
    at: stackFrames(error),
    ...(error.cause !== undefined && depth < 4 ? { cause: describeError(error.cause, depth + 1) } : {}),
  }
}

function stackFrames({ stack = '', message }: Error): string[] {
  const start = stack.indexOf(message)
  return stack
    .slice(start < 0 ? 0 : start + message.length)
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .map((line) => line.trim())
}
