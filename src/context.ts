import { randomBytes } from 'node:crypto'
import { lstatSync } from 'node:fs'
import type { Config } from './config.ts'
import type { Ask, Material, VerificationOutcome } from './catalog/verification.ts'
import type { Log } from './log.ts'
import type { Obstacle } from './outbound/destination.ts'
import type { Outbound } from './outbound/http.ts'
import { obstacleFinder } from './outbound/receivers.ts'
import type { Environment } from './store/schema/tables.ts'
import { StartRefused } from './errors.ts'
import type { Secret } from './secret.ts'
import type { DatabaseFault, Inspection, Store } from './store/db.ts'
import { inspectStore, nameDatabase, openStore } from './store/open.ts'
import { checkInstallation, insertInstallation } from './store/tables/tenants/installation.ts'
import { requireKnownMigrations } from './store/migrate.ts'
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

/** A `Context` is everything that an operation works with; tests replace a member. */
export type Context = {
  config: Config
  log: Log
  store: Store
  keyring: Keyring
  clock: () => Date
  outbound: Outbound
  /** `findObstacle` returns the obstacle that, by this server’s settings, keeps every message to a URL from being delivered, and `undefined` where there is none. */
  findObstacle: (url: string) => Obstacle | undefined
  simulator: Simulator
}

/** A `Simulator` answers as the carriers in the sandbox, where no request leaves the machine. */
export type Simulator = {
  /** `magicValues` has the values of a credential that choose an answer. */
  magicValues: readonly string[]
  /** `mistyped` returns the names of the fields whose value looks like a magic value and is none. */
  mistyped(values: Material['values']): string[]
  /** `isLockedOut` returns true where the credentials ask for a login that is held back. */
  isLockedOut(values: Material['values']): boolean
  /** `wantedOutcome` returns the outcome that the credentials ask for by name, and `undefined` where they ask for none. */
  wantedOutcome(values: Material['values']): VerificationOutcome | undefined
  /** `ask` returns the function that asks the simulated carrier, and `undefined` where the carrier is not simulated. */
  ask(
    carrierId: string,
    account: Pick<Material, 'values' | 'operator'>,
    wanted: VerificationOutcome | undefined,
  ): Ask | undefined
  /** `authorize` returns the code that a merchant brings back from the sign-in page, where the page was opened with the query. */
  authorize(query: Readonly<Record<string, unknown>>): string
}

const refuse = () => Promise.reject(new Error('There is no way out.'))

/** `noWayOut` is the outbound of the command line, which sends no request to the world. */
export const noWayOut: Outbound = {
  ask: refuse,
  deliver: refuse,
  leadsOut: async () => true,
  close: async () => {},
}
const noSimulator: Simulator = {
  magicValues: [],
  mistyped: () => [],
  isLockedOut: () => false,
  wantedOutcome: () => undefined,
  ask: () => undefined,
  authorize: () => '',
}

/** A `TenantScope` is a permission that an API key can have; see `grants` in `tenants/scopes.ts`. */
export type Scope = 'read' | 'write' | 'use' | 'admin' | 'partner'

/** A `Permission` is a scope, or `operator`, which only the operator of the machine has and no API key can have. */
export type Permission = Scope | 'operator'

/** `EVERY_PERMISSION` has the permissions of the operator, and of this server itself. */
export const EVERY_PERMISSION: ReadonlySet<Permission> = new Set<Permission>([
  'read',
  'write',
  'use',
  'admin',
  'partner',
  'operator',
])

/** `NO_PERMISSION` is the empty set of permissions of an actor without a valid API key. */
export const NO_PERMISSION: ReadonlySet<Permission> = new Set()

/** An `ActorName` is the name of an actor in the audit log: an API key by its id, the command line of the machine, the server itself, or somebody without a valid key. */
export type ActorName = `key:${string}` | 'cli' | 'system' | 'anonymous'

/** An `Actor` says who acts, for which tenant, in which environment and in which request, and which permissions the actor has. */
export type Actor = {
  tenantId: string
  environment: Environment
  name: ActorName
  scopes: ReadonlySet<Permission>
  requestId: string | undefined
  ip: string | undefined
}

/** Returns the actor that stands for this server itself, where the server acts for a tenant without a request. */
export const systemActor = ({ tenantId, environment }: Pick<Actor, 'tenantId' | 'environment'>): Actor => ({
  tenantId,
  environment,
  name: 'system',
  scopes: EVERY_PERMISSION,
  requestId: undefined,
  ip: undefined,
})

/** A `Body` reads the body of a request when the operation calls it, so that other refusals can come first; it refuses a body that cannot be read as an object. The size is `large` where the body may carry images, and `list` where the body is a long list. */
export type Body = (size?: 'usual' | 'large' | 'list') => Secret<Readonly<Record<string, unknown>>>

/** `SYSTEM` is the owner of the audit events that concern the installation and no tenant. */
export const SYSTEM = 'system'

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

/** Throws where the database cannot be read; the keys need no check, since the key ring was unlocked before the context existed. */
export async function checkReady({ store }: Context): Promise<void> {
  await store.read(SYSTEM, checkInstallation)
}

/** Returns the faults of the database as a whole, in sentences for the operator. */
export function examineDatabase({ store }: Context): Promise<DatabaseFault[]> {
  return store.examine()
}
