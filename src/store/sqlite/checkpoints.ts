import { once } from 'node:events'
import { statSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { ReportTrouble } from '../db.ts'
import { VANISHED } from '../database-failures.ts'
import { StoreError } from '../errors.ts'
import type { CheckpointOrder, CheckpointResult, CheckpointThread } from './checkpoint-thread.ts'
import type { SameFiles } from './same-files.ts'

/** The log is copied `SOON_MS` after a commit, and under load once in every `SOON_MS`. */
const SOON_MS = 500
const LONGEST_REST_MS = 10_000
/** A log of more than `LONG_LOG` bytes is emptied although others write; a shorter log is emptied as soon as nobody writes. */
const LONG_LOG = 8 * 2 ** 20
/** A log that has more than `TOO_LONG_LOG` bytes for `UNTOLD_MS` is reported, because somebody reads in one transaction that does not end. */
const TOO_LONG_LOG = 64 * 2 ** 20
const UNTOLD_MS = 10_000

type Options = {
  soonMs?: number
  /** Where the `files` are gone, the log is not copied, because another file may stand at the path by now. */
  files?: Pick<SameFiles, 'areThere' | 'opened'>
}

/** Checkpoints copy the log of a SQLite database into its file after commits. */
export type Checkpoints = {
  /** Notes that a transaction may have been committed. */
  note(): void
  /** Empties the log a last time, where no reader prevents it, and ends the thread. */
  end(): Promise<void>
}

/**
 * Makes checkpoints that copy the log of a SQLite file into the file within a second of each commit and keep the log short.
 * The checkpoints run on their own thread and connection, so that no request waits for them. Checkpoints do not keep the process alive; a failed copy is reported and tried again.
 */
export function createCheckpoints(
  path: string,
  tell: ReportTrouble,
  { soonMs = SOON_MS, files }: Options = {},
): Checkpoints {
  const log = `${path}-wal`
  let timer: NodeJS.Timeout | undefined
  let thread: Worker | undefined
  let isDirty = false
  let hasEnded = false
  let hasFailed = false
  let longSince: number | undefined
  let restMs = soonMs
  let running: Promise<void> | undefined

  const ask = async (order: CheckpointOrder): Promise<CheckpointResult> => {
    const asked = (thread ??= startThread(path, files?.opened))
    const over = new AbortController()
    const answer = once(asked, 'message', over) as Promise<[CheckpointResult]>
    const end = once(asked, 'exit', over).then(() => {
      throw new Error('The thread that copies the log has ended.')
    })
    asked.postMessage(order)
    try {
      return (await Promise.race([answer, end]))[0]
    } finally {
      over.abort()
      await Promise.allSettled([answer, end])
    }
  }

  const tellOfLongLog = (): void => {
    const isLong = sizeOf(log) > TOO_LONG_LOG
    longSince = isLong ? (longSince ?? Date.now()) : undefined
    if (longSince === undefined || Date.now() - longSince < UNTOLD_MS) return
    tell(`the log of the database has ${sizeOf(log)} bytes: somebody reads it in one long transaction`)
    longSince = Infinity
  }

  const run = async (): Promise<void> => {
    const isQuiet = !isDirty
    isDirty = false
    try {
      if (files?.areThere() === false) throw new StoreError(VANISHED)
      const result = await ask(isQuiet || sizeOf(log) > LONG_LOG ? 'empty' : 'copy')
      if ('errcode' in result) throw new StoreError(`SQLite ${result.errcode}`)
      if (hasFailed) tell('the log of the database is copied into its file again')
      hasFailed = false
    } catch (error) {
      if (!hasFailed && !hasEnded) tell('the log of the database could not be copied into its file', error)
      hasFailed = true
      void thread?.terminate()
      thread = undefined
    }
    tellOfLongLog()
    // While nobody writes and a reader keeps the log from being emptied, the pauses grow longer.
    restMs = isQuiet ? Math.min(restMs * 2, LONGEST_REST_MS) : soonMs
    running = undefined
    if (isDirty) schedule(soonMs)
    else if (sizeOf(log) > 0 || hasFailed) schedule(restMs)
  }

  const schedule = (ms: number): void => {
    if (hasEnded || running) return
    clearTimeout(timer)
    timer = setTimeout(() => void (running = run()), ms).unref()
  }

  if (sizeOf(log) > 0) schedule(soonMs)
  return {
    note: () => {
      if (!isDirty) schedule(soonMs)
      isDirty = true
    },
    end: async () => {
      hasEnded = true
      clearTimeout(timer)
      await running
      if (!thread) return
      // `end` waits for the thread from here on, so the thread has to keep the process alive.
      thread.ref()
      if (files?.areThere() !== false) await ask('empty').catch(() => {})
      await ask('end').catch(() => {})
      thread = undefined
    },
  }
}

function startThread(path: string, opened: string | undefined): Worker {
  const name = `./checkpoint-thread${import.meta.url.slice(-3)}`
  // The thread gets an empty environment, because the environment of the process may hold secrets.
  const workerData: CheckpointThread = { path, opened }
  const thread = new Worker(new URL(name, import.meta.url), { workerData, env: {}, execArgv: [] })
  thread.on('error', () => {}).unref()
  return thread
}

/** Returns the size of a file in bytes, or 0 where the file does not exist. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
