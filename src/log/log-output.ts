import { fstatSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { pino, type DestinationStream } from 'pino'

const STDOUT = 1
/** Characters of the log that are kept for a reader who does not read. */
const MOST = 1_048_576

/** Where lines of the log go; `onDropped` is called with their number when lines were dropped and writing goes on. */
export type LogOutput = DestinationStream & { onDropped: (lines: number) => void }

/** Standard output as a log takes it: nobody waits for its reader, and what is kept for him is bounded. */
export function standardOutput(): DestinationStream | LogOutput {
  const kind = fstatSync(STDOUT)
  if (kind.isFIFO() || kind.isSocket()) return boundedOutput(process.stdout)
  // A file has no reader who could stall.
  return pino.destination({ dest: STDOUT, sync: false })
}

/** Writes to a stream what fits in; lines that come while too much waits are dropped and counted. */
export function boundedOutput(stream: Writable, most = MOST): LogOutput {
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
  // The lines of one turn of the event loop are one write.
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
  // The reader has gone: there is nobody to tell, and no reason to end.
  stream.on('error', () => {
    isGone = true
    waiting = ''
  })
  return output
}
