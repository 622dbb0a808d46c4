import { fstatSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { pino, type DestinationStream } from 'pino'

const STDOUT = 1
/** `MOST` is the number of characters of the log that are kept while nobody reads them. */
const MOST = 1_048_576

/** A `LogOutput` takes the lines of the log; it calls `onDropped` with the number of dropped lines once writing goes on. */
export type LogOutput = DestinationStream & { onDropped: (lines: number) => void }

/** Returns standard output as the destination of a log: nothing waits for the reader, and the text that is kept for the reader is bounded. */
export function standardOutput(): DestinationStream | LogOutput {
  const kind = fstatSync(STDOUT)
  if (kind.isFIFO() || kind.isSocket()) return boundedOutput(process.stdout)
  // A file has no reader that could stop reading.
  return pino.destination({ dest: STDOUT, sync: false })
}

/** Returns an output that writes lines to a stream; it drops and counts the lines that come while more than `most` characters wait. */
export function boundedOutput(stream: Writable, { most = MOST }: { most?: number } = {}): LogOutput {
  let waiting = ''
  let dropped = 0
  let isGone = false
  const output: LogOutput = {
    onDropped: () => {},
    write: (line) => {
      if (isGone) return
      if (waiting.length + stream.writableLength + line.length > most) {
        dropped += 1
        return
      }
      if (waiting === '') setImmediate(flush)
      waiting += line
    },
  }
  // All lines of one iteration of the event loop are written at once.
  const flush = () => {
    stream.write(waiting, tell)
    waiting = ''
  }
  const tell = () => {
    if (dropped === 0 || stream.writableLength > most / 2) return
    const lines = dropped
    dropped = 0
    output.onDropped(lines)
  }
  // An error means that the reader has gone: nobody is left to read a warning, and the process has no reason to end.
  stream.on('error', () => {
    isGone = true
    waiting = ''
  })
  return output
}
