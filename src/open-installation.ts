import { randomBytes } from 'node:crypto'
import { lstatSync } from 'node:fs'
import type { Config } from './config.ts'
import { noWayOut, SYSTEM, type Context, type Simulator } from './context.ts'
import { StartRefused } from './errors.ts'
import type { Log } from './log.ts'
import type { Outbound } from './outbound/http.ts'
import { obstacleFinder } from './outbound/receiver-addresses.ts'
import type { Inspection, Store } from './store/db.ts'
import { requireKnownMigrations } from './store/migrate.ts'
import { inspectStore, nameDatabase, openStore } from './store/open.ts'
import { insertInstallation } from './store/tables/tenants/installation.ts'
import { commandWrapper } from './vault/kek-command.ts'
import {
  createKekFile,
  localWrapper,
  readKekFile,
  readKekValue,
  sweepKekLeftovers,
  type KeyWrapper,
} from './vault/kek-source.ts'
import { makeTerm, unlockKeyring, type Keyring } from './vault/keyring.ts'

const noSimulator: Simulator = {
  magicValues: [],
  mistyped: () => [],
  isLockedOut: () => false,
  wantedOutcome: () => undefined,
  ask: () => undefined,
  authorize: () => '',
}

/** `WantedInstallation` says which installation is opened: one that exists, one that is made where there is none, or one that is made although its key file exists already. */
export type WantedInstallation = 'existing' | 'first' | 'new'

type Options = { clock?: () => Date; wanted?: WantedInstallation; outbound?: Outbound; simulator?: Simulator }

/**
 * Opens the keys and the database, and returns the context; writes nothing before the stored data keys have been unlocked.
 * Throws `StartRefused` where a key is missing or wrong, where the installation is not the wanted one, or where the database does not keep what it acknowledges.
 */
export async function openContext(
  config: Config,
  log: Log,
  { clock = () => new Date(), wanted = 'first', outbound = noWayOut, simulator = noSimulator }: Options = {},
): Promise<Context> {
  // The key file is looked for before the tables, because another process that makes an installation makes the tables before the key.
  const hasKeyFile = config.kek.kind === 'file' && !isMissing(config.kek.path)
  const found = await inspectStore(config.database)
  requireWanted(config, found, { wanted, hasKeyFile })
  requireKnownMigrations(found.migrated)
  const isFirst = found.installationId === undefined
  const isKeyMade = isFirst && config.kek.kind === 'file' && !hasKeyFile
  const known = isKeyMade
    ? undefined
    : await openKeySource(config, found).catch((error: unknown) => {
        throw namingNeededKey(error, found)
      })
  const unlocked =
    known && found.installationId !== undefined
      ? await unlockKeyring(found.installationId, found.terms, known)
      : undefined
  const store = await openStore(config.database, config.databasePool, (what, error) =>
    error === undefined ? log.warn(what) : log.warn({ err: error }, what),
  )
  try {
    const wrappers = known ?? (await makeKeySource(config, found))
    const keyring = unlocked ?? (await setUp(store, wrappers, config, clock))
    if (wanted !== 'existing' && config.kek.kind === 'file') sweepKekLeftovers(config.kek.path)
    const findObstacle = obstacleFinder({ ...config.outbound, deliverInClear: config.webhooks.http })
    return { config, log, store, keyring, clock, outbound, findObstacle, simulator }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Brings an empty database up to date for a server that may not change its schema, and makes no installation. */
export async function prepareDatabase(config: Config): Promise<void> {
  requireKnownMigrations((await inspectStore(config.database)).migrated)
  const store = await openStore(config.database, config.databasePool, () => {})
  await store.close()
}

function requireWanted(
  config: Config,
  found: Inspection,
  { wanted, hasKeyFile }: { wanted: WantedInstallation; hasKeyFile: boolean },
): void {
  const where = nameDatabase(config.database)
  if (found.installationId !== undefined) {
    if (wanted !== 'new') return
    throw new StartRefused(
      `There is an installation in ${where} already: start it without --new-installation. Nothing was changed.`,
    )
  }
  if (found.hasConnections)
    throw new StartRefused(
      'The database holds sealed credentials, but not the record of the keys that open them: restore it whole. Nothing was changed.',
    )
  if (wanted === 'existing')
    throw new StartRefused(`There is no installation in ${where}; "hawser serve" makes one.`)
  // A first start that was killed leaves tables without an installation.
  if (config.kek.kind === 'file' && hasKeyFile && !found.hasSchema && wanted !== 'new')
    throw new StartRefused(
      `The key file ${config.kek.path} is there, but no installation in ${where}: was the database removed, or is HAWSER_DATABASE_URL another one? Put it back. "hawser serve --new-installation" (in a checkout "npm start -- --new-installation") begins an empty installation with this key. Nothing was changed.`,
    )
}

type KeySource = readonly [KeyWrapper, ...KeyWrapper[]]

async function openKeySource({ kek }: Config, found: Inspection): Promise<KeySource> {
  if (kek.kind === 'command') return [await commandWrapper(kek.argv)]
  const previous = previousKeys(kek)
  if (kek.kind === 'value') return [localWrapper(readKekValue(kek.value)), ...previous]
  const [needed] = found.terms
  if (needed && isMissing(kek.path))
    throw new StartRefused(
      `The key file ${kek.path} is missing. The database needs the key-encryption key ${needed.kek_id}; restore its file. A new key is not made, since it could open nothing that is stored. Nothing was changed.`,
    )
  return [localWrapper(readKekFile(kek.path, kek)), ...previous]
}

/** Makes the key file of a first start, or opens the key file that another process has made meanwhile. */
async function makeKeySource(config: Config, found: Inspection): Promise<KeySource> {
  const { kek } = config
  const made = kek.kind === 'file' ? createKekFile(kek.path) : undefined
  if (kek.kind !== 'file' || !made) return openKeySource(config, found)
  return [localWrapper(made), ...previousKeys(kek)]
}

function previousKeys(kek: Exclude<Config['kek'], { kind: 'command' }>): KeyWrapper[] {
  return kek.previousPath ? [localWrapper(readKekFile(kek.previousPath, kek))] : []
}

/** Returns true where nothing exists at the path; a path that cannot be looked at counts as existing. */
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
  // Another process has set the database up meanwhile, so that the installation of that process is opened.
  const { installationId = '', terms } = await inspectStore(config.database)
  return unlockKeyring(installationId, terms, wrappers)
}
