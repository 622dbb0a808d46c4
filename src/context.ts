import type { Config } from './config.ts'
import type { Ask, Material, VerificationOutcome } from './catalog/verification.ts'
import type { Log } from './log.ts'
import type { Obstacle } from './outbound/destination.ts'
import type { Outbound } from './outbound/http.ts'
import type { Environment } from './store/schema/tables.ts'
import type { Secret } from './secret.ts'
import type { DatabaseFault, Store } from './store/db.ts'
import { checkInstallation } from './store/tables/tenants/installation.ts'
import type { Keyring } from './vault/keyring.ts'

/** A `Context` is everything that an operation works with; tests replace a member. */
export type Context = {
  config: Config
  log: Log
  store: Store
  keyring: Keyring
  clock: () => Date
  outbound: Outbound
  /** `findObstacle` returns the obstacle because of which, with this server’s settings, no message to a URL can be delivered, and `undefined` where there is none. */
  findObstacle: (url: string) => Obstacle | undefined
  simulator: Simulator
}

/** A `Simulator` answers as the carriers in the sandbox, where no request leaves the machine. */
export type Simulator = {
  /** `magicValues` has the values of a credential that choose an answer. */
  magicValues: readonly string[]
  /** `mistyped` returns the names of the fields whose value looks like a magic value and is none. */
  mistyped(values: Material['values']): string[]
  /** `isLockedOut` returns true where the credentials ask the sandbox to refuse them as after too many wrong logins. */
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

/** A `Scope` is a permission that an API key can have; see `grants` in `tenants/scopes.ts`. */
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

/** Returns the actor that stands for this server itself where the server acts for a tenant without a request. */
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

/** Throws where the database cannot be read; the keys need no check, since the key ring was unlocked before the context existed. */
export async function checkReady({ store }: Context): Promise<void> {
  await store.read(SYSTEM, checkInstallation)
}

/** Returns the faults of the database as a whole, in sentences for the operator. */
export function examineDatabase({ store }: Context): Promise<DatabaseFault[]> {
  return store.examine()
}
