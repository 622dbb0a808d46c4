import { randomBytes } from 'node:crypto'
import { lstatSync } from 'node:fs'
import type { Config } from './config.ts'
import type { Ask, Material, VerificationOutcome } from './catalog/verification.ts'
import type { Log } from './log.ts'
import type { Obstacle } from './outbound/destination.ts'
import type { Outbound } from './outbound/http.ts'
import { judgeReceivers } from './outbound/receivers.ts'
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

/** Everything an operation works with. Tests replace a member. */
export type Context = {
  config: Config
  log: Log
  store: Store
  keyring: Keyring
  clock: () => Date
  outbound: Outbound
  /** What keeps every message to a URL from being delivered, by this server’s settings. */
  judgeReceiver: (url: string) => Obstacle | undefined
  simulator: Simulator
}

/** The carriers of the sandbox, where no request leaves the machine. */
export type Simulator = {
  /** What a credential may read to choose an answer, and the names of values that are meant to and do not. */
  magicValues: readonly string[]
  mistyped(values: Material['values']): string[]
  /** Whether credentials ask for a login that is held back. */
  isLockedOut(values: Material['values']): boolean
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

/** What keys of an account may do; see `grants` in `tenants/scopes.ts`. */
export type Scope = 'read' | 'write' | 'use' | 'admin' | 'partner'

/** What an actor may do: what keys may, and what the operator of the machine alone may, which no key can have. */
export type Permission = Scope | 'operator'

/** What the operator may do, and this server by itself. */
export const EVERY_PERMISSION: ReadonlySet<Permission> = new Set<Permission>([
  'read',
  'write',
  'use',
  'admin',
  'partner',
  'operator',
])

/** What somebody may do who has proved nothing. */
export const NO_PERMISSION: ReadonlySet<Permission> = new Set()

/** Who acts, as the audit log names him: a key by its id, the command line of the machine, the server itself, or somebody whose key proved nothing. */
export type ActorName = `key:${string}` | 'cli' | 'system' | 'anonymous'

/** Who acts, for whom, in which environment, and in which request, and what he may do there. */
export type Actor = {
  tenantId: string
  environment: Environment
  name: ActorName
  scopes: ReadonlySet<Permission>
  requestId: string | undefined
  ip: string | undefined
}

/** This server itself, as it acts for a tenant without a request. */
export const systemActor = ({ tenantId, environment }: Pick<Actor, 'tenantId' | 'environment'>): Actor => ({
  ...{ tenantId, environment, name: 'system', scopes: EVERY_PERMISSION, requestId: undefined, ip: undefined },
})

/** Reads the body of a request when its turn among the refusals has come; throws what is wrong with it as a whole. `large` where it may carry images, `list` where it is a long list. */
export type Body = (size?: 'usual' | 'large' | 'list') => Secret<Readonly<Record<string, unknown>>>

/** The chain of events that concern the installation and no tenant. */
export const SYSTEM = 'system'

/** Which installation is opened: one that is there, one that is made where there is none, or one that is made although its key file is there already. */
export type Wanted = 'existing' | 'first' | 'new'

type Options = { clock?: () => Date; wanted?: Wanted; outbound?: Outbound; simulator?: Simulator }

/**
 * Opens keys and database: nothing is written before the stored data keys have been unlocked.
 * Throws `StartRefused` when a key is missing or wrong, the installation is not as it is wanted, or the database does not keep what it acknowledges.
 */
export async function openContext(
  config: Config,
  log: Log,
  { clock = () => new Date(), wanted = 'first', outbound = noWayOut, simulator = noSimulator }: Options = {},
): Promise<Context> {
  // The key is looked for first: another process that makes an installation makes the tables before the key.
  const hasKeyFile = config.kek.kind === 'file' && !isMissing(config.kek.path)
  const found = await inspectStore(config.database)
  requireWanted(config, found, wanted, hasKeyFile)
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
    const judgeReceiver = judgeReceivers({ ...config.outbound, deliverInClear: config.webhooks.http })
    return { config, log, store, keyring, clock, outbound, judgeReceiver, simulator }
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

function requireWanted(config: Config, found: Inspection, wanted: Wanted, hasKeyFile: boolean): void {
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
  // Tables without an installation are what a first start leaves that was killed.
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
  return [localWrapper(readKekFile(kek.path, kek.mounted)), ...previous]
}

/** Makes the key file of a first start, or takes the one that another process has made meanwhile. */
async function makeKeySource(config: Config, found: Inspection): Promise<KeySource> {
  const { kek } = config
  const made = kek.kind === 'file' ? createKekFile(kek.path) : undefined
  if (kek.kind !== 'file' || !made) return openKeySource(config, found)
  return [localWrapper(made), ...previousKeys(kek)]
}

function previousKeys(kek: Exclude<Config['kek'], { kind: 'command' }>): KeyWrapper[] {
  return kek.previousPath ? [localWrapper(readKekFile(kek.previousPath, kek.mounted))] : []
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

/** Says what is wrong with the database as a whole, in sentences for the operator. */
export function examineDatabase({ store }: Context): Promise<DatabaseFault[]> {
  return store.examine()
}
