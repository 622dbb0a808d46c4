import { once } from 'node:events'
import { statSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { Tell } from '../db.ts'
import { VANISHED } from '../failure-reasons.ts'
import { StoreError } from '../errors.ts'
import type { CheckpointOrder, CheckpointResult, CheckpointThread } from './checkpoint-thread.ts'
import type { SameFiles } from './same-files.ts'

/** How soon after a commit; under load once in this time. */
const SOON_MS = 500
const LONGEST_REST_MS = 10_000
/** A log that is longer is emptied although others write; a shorter one as soon as nobody does. */
const LONG_LOG = 8 * 2 ** 20
/** A log that stays longer than this, for so long, is told of: somebody reads in one transaction and does not end it. */
const TOO_LONG_LOG = 64 * 2 ** 20
const UNTOLD_MS = 10_000

type Options = {
  soonMs?: number
  /** Where they are gone, nothing is copied: it could go into a file that is another by now. */
  files?: Pick<SameFiles, 'areThere' | 'opened'>
}

export type Checkpoints = {
  /** Something may have been committed. */
  note(): void
  /** Empties the log a last time, where nobody stands in the way, and ends the thread. */
  end(): Promise<void>
}

/**
 * Copies the log of a SQLite file into the file within a second of each commit, and keeps the log short.
 * It works on a thread and a connection of its own, so that no request waits for it; it keeps no process alive, and what fails is told and tried again.
 */
export function createCheckpoints(
  path: string,
  tell: Tell,
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
    // Where nothing is written and a reader stays, there is no hurry.
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
      // From here on somebody waits for it.
      thread.ref()
      if (files?.areThere() !== false) await ask('empty').catch(() => {})
      await ask('end').catch(() => {})
      thread = undefined
    },
  }
}

function startThread(path: string, opened: string | undefined): Worker {
  const name = `./checkpoint-thread${import.meta.url.slice(-3)}`
  // An environment of its own: the process's own may hold secrets.
  const workerData: CheckpointThread = { path, opened }
  const thread = new Worker(new URL(name, import.meta.url), { workerData, env: {}, execArgv: [] })
  thread.on('error', () => {}).unref()
  return thread
}

/** How many bytes a file has; none where it is not there. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
