import type { ConnectBodies, LtlCredentials, Outcome, SettingsBodies, UpdateBodies } from './carriers.ts'
import type { Result } from './errors.ts'
import type { Path } from './prepare.ts'
import { send, type Asked, type Method, type Options } from './send.ts'

export type * from './carriers.ts'
export type {
  Answer,
  Failed,
  Failure,
  Problem,
  Refused,
  Result,
  Unanswered,
  Unreadable,
  Unsent,
  Unsure,
} from './errors.ts'
export type { Asked, Method, Options } from './send.ts'

/** A `CarrierName` is the name of a parcel carrier in the catalog. */
export type CarrierName = keyof ConnectBodies
/** A `Scac` is the SCAC of an LTL carrier. */
export type Scac = keyof LtlCredentials

export type Connected = { carrier_id: string }
/** A `Verification` is the answer of the carrier about credentials. */
export type Verification = { outcome: Outcome; diagnosis: string; next_step: string | null }
export type Checked = {
  carrier_id: string
  verification: Verification
  state: string
  next_step: string | null
}
/** A `Connection` is the state of a connection; `fields` says which fields are set, and no value of a secret is in it. */
export type Connection = {
  carrier_id: string
  carrier_name: string
  nickname: string | null
  account_number: string | null
  primary: boolean
  connection_status: string
  fields: Record<string, { set: boolean; secret: boolean }>
  state: string
  diagnosis: string | null
  next_step: string | null
  version: number
  credentials_version: number
}

type Common = { signal?: AbortSignal }
type Stores = Common & { verify?: 'required' | 'best-effort' }
type Versioned = Common & { ifMatch?: string }
type Deletes = Versioned & { force?: boolean; purge?: boolean }

export type Client = ReturnType<typeof createClient>

/**
 * Returns a client of one server with one API key, for Node, Deno and every other program that has `fetch`. Each method resolves with
 * a `Result`, which holds the answer or the failure, and never rejects. Do not send an API key to the browsers of your users.
 */
export function createClient(options: Options) {
  const ask = <T>(method: Method, path: Path, asked: Asked = {}): Promise<Result<T>> =>
    send<T>(options, method, path, asked)
  const parcel = (...names: string[]) => ['v1', 'connections', 'carriers', ...names]
  const ltl = (...names: string[]) => ['v-beta', 'ltl', 'connections', ...names]

  return {
    /** Connects an account of a parcel carrier; the type of the body follows from the carrier. */
    connect: <Name extends CarrierName>(
      carrier: Name,
      body: ConnectBodies[Name],
      { verify, allowDuplicate, signal }: Stores & { allowDuplicate?: boolean } = {},
    ) =>
      ask<Connected>('POST', parcel(carrier), {
        body: allowDuplicate ? { ...body, allow_duplicate_account_number: true } : body,
        query: { verify },
        ...given(signal),
      }),

    /** Asks the carrier about credentials, and stores nothing. */
    tryCredentials: <Name extends CarrierName>(
      carrier: Name,
      body: ConnectBodies[Name],
      { signal }: Common = {},
    ) =>
      ask<{ verification: Verification }>('POST', parcel(carrier), {
        body,
        query: { verify: 'only' },
        ...given(signal),
      }),

    /** Replaces the credentials of a connection under its permanent id. */
    update: <Name extends keyof UpdateBodies>(
      carrier: Name,
      carrierId: string,
      body: UpdateBodies[Name],
      { verify, ifMatch, signal }: Stores & Versioned = {},
    ) =>
      ask<Connected>('PUT', parcel(carrier, carrierId), {
        body,
        query: { verify },
        ...(ifMatch === undefined ? {} : { ifMatch }),
        ...given(signal),
      }),

    /** Changes settings of a connection; what the body leaves out stays. */
    updateSettings: <Name extends keyof SettingsBodies>(
      carrier: Name,
      carrierId: string,
      body: SettingsBodies[Name],
      { ifMatch, signal }: Versioned = {},
    ) =>
      ask<undefined>('PUT', parcel(carrier, carrierId, 'settings'), {
        body,
        ...(ifMatch === undefined ? {} : { ifMatch }),
        ...given(signal),
      }),

    /** Reads the state of a connection. */
    describe: (carrier: string, carrierId: string, { signal }: Common = {}) =>
      ask<Connection>('GET', parcel(carrier, carrierId), given(signal)),

    /** Asks the carrier about the stored credentials now. */
    verify: (carrier: string, carrierId: string, { signal }: Common = {}) =>
      ask<Checked>('POST', parcel(carrier, carrierId, 'verify'), given(signal)),

    /** Puts the earlier credentials back into force. */
    rollback: (carrier: string, carrierId: string, { signal }: Common = {}) =>
      ask<Connected>('POST', parcel(carrier, carrierId, 'rollback'), given(signal)),

    /** Disconnects an account; the deleted connection can be restored for some days. */
    disconnect: (carrier: string, carrierId: string, { ifMatch, force, purge, signal }: Deletes = {}) =>
      ask<undefined>('DELETE', parcel(carrier, carrierId), {
        query: { force, purge },
        ...(ifMatch === undefined ? {} : { ifMatch }),
        ...given(signal),
      }),

    /** Restores a deleted connection under its id. */
    restore: (carrier: string, carrierId: string, { signal }: Common = {}) =>
      ask<Connected>('POST', parcel(carrier, carrierId, 'restore'), given(signal)),

    /** Connects an account of an LTL carrier under a SCAC. */
    connectLtl: <Code extends Scac>(
      scac: Code,
      credentials: LtlCredentials[Code],
      { verify, signal }: Stores = {},
    ) => ask<Connected>('POST', ltl(scac), { body: { credentials }, query: { verify }, ...given(signal) }),

    /** Replaces the credentials of an LTL connection. */
    updateLtl: <Code extends Scac>(
      scac: Code,
      carrierId: string,
      credentials: LtlCredentials[Code],
      { verify, ifMatch, signal }: Stores & Versioned = {},
    ) =>
      ask<Connected>('PUT', ltl(scac, carrierId), {
        body: { credentials },
        query: { verify },
        ...(ifMatch === undefined ? {} : { ifMatch }),
        ...given(signal),
      }),

    /** Disconnects an LTL account. */
    disconnectLtl: (scac: string, carrierId: string, { ifMatch, force, purge, signal }: Deletes = {}) =>
      ask<undefined>('DELETE', ltl(scac, carrierId), {
        query: { force, purge },
        ...(ifMatch === undefined ? {} : { ifMatch }),
        ...given(signal),
      }),

    /** Sends any other request of the API, to a path or to the parts of a path, with the key, the retries and the kind of result that the other methods have. */
    request: ask,
  }
}

const given = (signal: AbortSignal | undefined): Asked => (signal ? { signal } : {})
