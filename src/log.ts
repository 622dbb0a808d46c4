import { pino, type DestinationStream, type Logger } from 'pino'
import { describeError } from './log/describe-error.ts'
import { standardOutput, type LogOutput } from './log/log-output.ts'

export type Log = Logger

/**
 * Returns a logger that writes JSON lines; an error is reduced to names, codes and stack frames, because the texts of foreign errors quote input.
 * Without a destination the logger writes to standard output, and does not wait for the program that reads standard output.
 */
export function createLog(level: string, destination: DestinationStream | LogOutput = standardOutput()): Log {
  const log = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (value: unknown) => describeError(value) },
      hooks: { logMethod: withoutForeignText },
      // Under pino's usual key the message of an error would become the message of the line.
      errorKey: 'none',
    },
    destination,
  )
  if ('onDropped' in destination)
    destination.onDropped = (dropped) => log.warn({ dropped }, 'nobody read the log: lines were dropped')
  return log
}

/** Replaces every error among the arguments of a log call by its description, so that the text of no error becomes the message of the line. */
function withoutForeignText(this: Log, args: unknown[], method: (...args: unknown[]) => void): void {
  const [first, ...rest] = args
  const described = (value: unknown) => (value instanceof Error ? describeError(value) : value)
  if (first instanceof Error) method.call(this, { err: first }, ...rest.map(described))
  else if (typeof first === 'object' && first !== null)
    method.call(
      this,
      Object.fromEntries(
        Object.entries(first).map(([name, value]) => [name, name === 'err' ? value : described(value)]),
      ),
      ...rest.map(described),
    )
  else method.apply(this, args.map(described))
}
