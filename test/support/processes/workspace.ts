import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newDatabase, type DatabaseName } from '../database/databases.ts'
import {
  type Settings,
  type EndedProgram,
  type RunningProgram,
  startProgram,
  PROGRAM,
  PATIENCE_MS,
  waitForEnd,
} from './run-program.ts'
import { type ServerProcess, untilListening } from './server-process.ts'

/**
 * A workspace is a directory in which programs run, with its own database. By the program's defaults,
 * the database on SQLite is `data/hawser.db` in the directory, and the key file is `data-keys/kek`.
 */
export type Workspace = {
  database: DatabaseName
  directory: string
  env: Settings
  keyFile: string
  /** Runs a command to its end; kills it, and throws, when it takes longer than `patienceMs`. */
  run: (words: string[], settings?: Settings, patienceMs?: number) => Promise<EndedProgram>
  /** Starts a server and waits until it listens; throws with all it printed when it ends instead. */
  serve: (settings?: Settings) => Promise<ServerProcess>
  /** Starts a program and waits for nothing. */
  start: (words: string[], settings?: Settings) => RunningProgram
  /** Ends what still runs and removes everything. */
  remove: () => Promise<void>
}

/** Opens an empty directory with an empty database, in which the program of this checkout runs, or another one. */
export async function openWorkspace(database: DatabaseName, program = PROGRAM): Promise<Workspace> {
  const directory = mkdtempSync(join(tmpdir(), 'hawser-e2e-'))
  const postgres = database === 'postgres' ? await newDatabase('postgres') : undefined
  const env: Settings = { HAWSER_PORT: '0', HAWSER_DATABASE_URL: postgres?.url, HAWSER_VERIFICATION: 'off' }
  const running = new Set<RunningProgram>()
  const start: Workspace['start'] = (words, settings = {}) => {
    const started = startProgram([process.execPath, program, ...words], directory, { ...env, ...settings })
    running.add(started)
    void started.ended.then(() => running.delete(started))
    return started
  }
  return {
    database,
    directory,
    env,
    keyFile: join(directory, 'data-keys', 'kek'),
    start,
    run: (words, settings, patienceMs = PATIENCE_MS) => waitForEnd(start(words, settings), patienceMs),
    serve: (settings) => untilListening(start(['serve'], settings)),
    remove: async () => {
      for (const { child, ended } of running) {
        child.kill('SIGKILL')
        await ended
      }
      rmSync(directory, { recursive: true, force: true })
      await postgres?.remove()
    },
  }
}
