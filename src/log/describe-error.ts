import { ApiError } from '../errors.ts'

type Described = { name: string; code?: string; message?: string; at?: string[]; cause?: Described }

/** Returns the parts of an error that may be shown: its name, its code, at most eight stack frames, its causes, and the message only of Hawser's own errors, since the messages of other errors may quote input. */
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
  // The frames follow the message; where the message is not found in the stack, no line of the stack is safe to show.
  const start = stack.indexOf(message)
  return (start < 0 ? '' : stack.slice(start + message.length))
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .map((line) => line.trim())
}
