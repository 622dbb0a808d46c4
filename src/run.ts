import { describeError } from './log/describe-error.ts'
import { ApiError, StartRefused } from './errors.ts'
import { withoutApiKeys } from './secret.ts'
import { StoreError } from './store/errors.ts'

/** Runs one program to its end and sets the exit code of the process: the one that the program returns, 78 where the start was refused, and 1 after any other error. Writes the reason of an error to standard error. */
export async function run(program: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await program()
  } catch (error) {
    process.exitCode = error instanceof StartRefused ? StartRefused.exitCode : 1
    // The message may repeat a word of the command line, and that word may be an API key.
    process.stderr.write(`${withoutApiKeys(lastWords(error))}\n`)
  }
}

function lastWords(error: unknown): string {
  if (!(error instanceof StartRefused || error instanceof ApiError || error instanceof StoreError))
    return `Hawser stopped: ${JSON.stringify(describeError(error))}`
  const cause = error.cause === undefined ? undefined : describeError(error.cause)
  const told = cause?.message ?? [cause?.name, cause?.code].filter(Boolean).join(' ')
  return told === '' || error.message.includes(cause?.code ?? '\0')
    ? error.message
    : `${error.message} (${told})`
}

/** Resolves at the first SIGTERM or SIGINT, which then do not end the process. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })
}

/** Ends the process after `ms` milliseconds where something still keeps the process alive. */
export function endWithin(ms: number): void {
  setTimeout(() => process.exit(), ms).unref()
}
