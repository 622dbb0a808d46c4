import { randomBytes } from 'node:crypto'
import { lstatSync } from 'node:fs'
import type { Config } from './config.ts'
import type { Ask, Material, VerificationOutcome } from './catalog/verification.ts'
import type { Log } from './log.ts'
import type { Outbound } from './outbound/http.ts'
import type { Environment } from './store/schema.ts'
import { StartRefused } from './errors.ts'
import type { Secret } from './secret.ts'
import type { Inspection, Store } from './store/db.ts'
import { inspectStore, openStore } from './store/open.ts'
import { checkInstallation, insertInstallation } from './store/installation.ts'
import { requireKnownMigrations } from './store/migrate.ts'
import { commandWrapper } from './vault/kek-command.ts'
import {
  createKekFile,
  localWrapper,
  readKekFile,
  readKekValue,
  type KeyWrapper,
} from './vault/kek-source.ts'
import { makeTerm, unlockKeyring, type Keyring } from './vault/keyring.ts'

/** Everything an operation works with. Tests replace a member. */
export type Context = {
  config: Config
  log: Log
  store: Store
  keyring: Keyring
  clock: () => Date
  outbound: Outbound
  simulator: Simulator
}

/** The carriers of the sandbox, where no request leaves the machine. */
export type Simulator = {
  /** The outcome that credentials ask for by name, if they do. */
  wantedOutcome(values: Material['values']): VerificationOutcome | undefined
  /** How to ask the simulated carrier; `undefined` where there is none. */
  ask(
    carrierId: string,
    account: Pick<Material, 'values' | 'operator'>,
    wanted: VerificationOutcome | undefined,
  ): Ask | undefined
  /** The code that a merchant brings back who was sent to a sign-in page with this query. */
  authorize(query: Readonly<Record<string, unknown>>): string
}

const refuse = () => Promise.reject(new Error('There is no way out.'))

/** The way out of a process that has none: the command line’s. */
export const noWayOut: Outbound = { ask: refuse, deliver: refuse, close: async () => {} }
const noSimulator: Simulator = {
  wantedOutcome: () => undefined,
  ask: () => undefined,
  authorize: () => '',
}

/** What keys of an account may do; see `grants` in `tenants/scopes.ts`. */
export type Scope = 'read' | 'write' | 'use' | 'admin' | 'partner'

/** Who acts, for whom, in which environment, and in which request. */
export type Actor = {
  tenantId: string
  environment: Environment
  /** As the audit log names it: `key:<id>`, `cli`, or `system`. */
  name: string
  requestId: string | undefined
  ip: string | undefined
}

/** Reads the body of a request when its turn among the refusals has come; throws what is wrong with it as a whole. `large` where it may carry images, `list` where it is a long list. */
export type Body = (size?: 'usual' | 'large' | 'list') => Secret<Readonly<Record<string, unknown>>>

/** The chain of events that concern the installation and no tenant. */
export const SYSTEM = 'system'

/**
 * Opens keys and database, in this order: nothing is written before the stored data keys have been unlocked.
 * Throws `StartRefused` when a key is missing or wrong, or the database does not keep what it acknowledges.
 */
export async function openContext(
  config: Config,
  log: Log,
  {
    clock = () => new Date(),
    mayCreate = true,
    outbound = noWayOut,
    simulator = noSimulator,
  }: { clock?: () => Date; mayCreate?: boolean; outbound?: Outbound; simulator?: Simulator } = {},
): Promise<Context> {
  const found = await inspectStore(config.database)
  if (!mayCreate && found.installationId === undefined)
    throw new StartRefused('There is no installation here yet; "hawser serve" makes one.')
  requireKnownMigrations(found.migrated)
  if (found.installationId === undefined && found.hasConnections)
    throw new StartRefused(
      'The database holds sealed credentials, but not the record of the keys that open them: restore it whole. Nothing was changed.',
    )
  const wrappers = await openKeySource(config, found).catch((error: unknown) => {
    throw namingNeededKey(error, found)
  })
  const unlocked =
    found.installationId === undefined
      ? undefined
      : await unlockKeyring(found.installationId, found.terms, wrappers)
  const store = await openStore(config.database, config.databasePool, (what, error) =>
    error === undefined ? log.warn(what) : log.warn({ err: error }, what),
  )
  try {
    const keyring = unlocked ?? (await setUp(store, wrappers, config, clock))
    return { config, log, store, keyring, clock, outbound, simulator }
  } catch (error) {
    await store.close()
    throw error
  }
}

async function openKeySource(
  { kek }: Config,
  found: Inspection,
): Promise<readonly [KeyWrapper, ...KeyWrapper[]]> {
  if (kek.kind === 'command') return [await commandWrapper(kek.argv)]
  const previous = kek.previousPath ? [localWrapper(readKekFile(kek.previousPath, kek.mounted))] : []
  if (kek.kind === 'value') return [localWrapper(readKekValue(kek.value)), ...previous]
  if (!isMissing(kek.path)) return [localWrapper(readKekFile(kek.path, kek.mounted)), ...previous]
  const [needed] = found.terms
  if (needed)
    throw new StartRefused(
      `The key file ${kek.path} is missing. The database needs the key-encryption key ${needed.kek_id}; restore its file. A new key is not made, since it could open nothing that is stored. Nothing was changed.`,
    )
  return [localWrapper(createKekFile(kek.path) ?? readKekFile(kek.path, kek.mounted)), ...previous]
}

/** Whether there is nothing; what cannot be looked at is something. */
function isMissing(path: string): boolean {
  try {
    lstatSync(path)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}

function namingNeededKey(error: unknown, { terms: [needed] }: Inspection): unknown {
  if (!(error instanceof StartRefused) || !needed || error.message.includes(needed.kek_id)) return error
  const more = `The database needs the key-encryption key ${needed.kek_id}. Nothing was changed.`
  return new StartRefused(`${error.message} ${more}`, { cause: error.cause })
}

async function setUp(
  store: Store,
  wrappers: readonly [KeyWrapper, ...KeyWrapper[]],
  config: Config,
  clock: () => Date,
): Promise<Keyring> {
  const id = `inst_${randomBytes(10).toString('hex')}`
  const term = await makeTerm(wrappers[0], id, 1)
  const at = clock().toISOString()
  const first = await store.transaction(SYSTEM, (tx) => insertInstallation(tx, id, at, term))
  if (first) return unlockKeyring(id, [term], wrappers)
  // Another process has set the database up meanwhile: what it wrote decides.
  const { installationId = '', terms } = await inspectStore(config.database)
  return unlockKeyring(installationId, terms, wrappers)
}

/** Throws when the database cannot be read; the key ring was unlocked before the context existed. */
export async function checkReady({ store }: Context): Promise<void> {
  await store.read(SYSTEM, checkInstallation)
}
