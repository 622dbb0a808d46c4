import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { StartRefused } from '../errors.ts'
import { Secret } from '../secret.ts'

const LONGEST = 1_000

/** A `Terminal` has the streams for a secret: `input`, from which it is read, and `output`, on which the question is written. Only tests replace standard input and standard error. */
type Terminal = {
  input?: NodeJS.ReadableStream & { isTTY?: boolean; destroy?: () => unknown }
  output?: NodeJS.WritableStream
}

/** Reads one line that is a secret. At a terminal `readSecret` writes the question and shows nothing of the line; elsewhere it reads the first line of the input. */
export async function readSecret(
  question: string,
  { input = process.stdin, output = process.stderr }: Terminal = {},
): Promise<Secret<string>> {
  if (!input.isTTY) return new Secret(await firstLine(input))
  output.write(question)
  // The echo of the typed characters goes to a stream that throws them away.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input, output: nowhere, terminal: true })
  try {
    return new Secret(await answerOf(lines))
  } finally {
    lines.close()
    output.write('\n')
  }
}

function answerOf(lines: ReturnType<typeof createInterface>): Promise<string> {
  return new Promise((resolve, reject) => {
    lines.once('line', resolve)
    lines.once('close', () => resolve(''))
    lines.once('SIGINT', () => reject(new StartRefused('It was broken off; nothing was done.')))
  })
}

async function firstLine(input: NonNullable<Terminal['input']>): Promise<string> {
  let text = ''
  for await (const chunk of input) {
    text += chunk.toString()
    if (text.includes('\n') || text.length > LONGEST) break
  }
  return text.split('\n', 1)[0] ?? ''
}
