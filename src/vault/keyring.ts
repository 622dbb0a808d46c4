import {
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto'
import { StartRefused } from '../errors.ts'
import { EnvelopeError, open, seal, termOf } from './envelope.ts'
import type { KeyWrapper } from './kek-source.ts'

/** A stored term is a data key as the database holds it: wrapped under a key-encryption key, with a check value of the data key. */
export type StoredTerm = {
  term: number
  state: 'active' | 'decrypt_only' | 'destroyed'
  kek_id: string
  provider: string
  wrapped: Uint8Array
  kcv: Uint8Array
}

export type EnvelopePurpose =
  | 'connection.credentials'
  | 'connection.settings'
  | 'connection.previous'
  | 'connection.buried'
  | 'connection.sign_in'
  | 'connection.token'
  | 'webhook.endpoint'
  | 'audit.changes'

/**
 * A place names where an envelope opens; every part of the place is authenticated.
 * `subject` is the id of the connection or of the webhook. `carrier` is the catalog's immutable id of the connection's carrier, and is empty for a webhook and for the changes of an audit event.
 * For the changes of an audit event, `version` is the number of the event.
 */
export type EnvelopePlace = {
  purpose: EnvelopePurpose
  tenantId: string
  environment: string
  subject: string
  carrier: string
  version: number
}

/** A keyring holds the unlocked data keys of one installation. It seals with the active data key and opens with the data key that the envelope names. */
export class Keyring {
  readonly installationId: string
  readonly activeTerm: number
  readonly #keys: ReadonlyMap<number, KeyObject>

  constructor(installationId: string, activeTerm: number, keys: ReadonlyMap<number, KeyObject>) {
    this.installationId = installationId
    this.activeTerm = activeTerm
    this.#keys = keys
  }

  /** Seals `plaintext` with the active data key so that the envelope opens only at `place`. */
  seal(place: EnvelopePlace, plaintext: Uint8Array): Buffer {
    const term = this.activeTerm
    return seal(this.#key(term), plaintext, { term, label: 'record', place: this.#parts(place) })
  }

  /** Opens an envelope that was sealed for `place`; throws `EnvelopeError` for any other envelope. */
  open(place: EnvelopePlace, envelope: Uint8Array): Buffer {
    return open(this.#key(termOf(envelope)), 'record', this.#parts(place), envelope)
  }

  /** Returns a keyed hash of `parts`. Equal parts have the same hash as long as the active data key stays the same, and the hash reveals nothing of the parts without that key. */
  digest(parts: readonly string[]): Buffer {
    const key = hkdfSync('sha256', this.#key(this.activeTerm), this.installationId, 'hawser/digest/v1', 32)
    return createHmac('sha256', Buffer.from(key)).update(JSON.stringify(parts)).digest()
  }

  #key(term: number): KeyObject {
    const key = this.#keys.get(term)
    if (!key) throw new EnvelopeError()
    return key
  }

  #parts(place: EnvelopePlace): string[] {
    const { purpose, tenantId, environment, subject, carrier, version } = place
    return [
      'hawser/aad/v1',
      this.installationId,
      purpose,
      tenantId,
      environment,
      subject,
      carrier,
      `${version}`,
    ]
  }
}

/** Makes a new data key for `term` and returns it wrapped; the data key itself is not kept. */
export async function makeTerm(
  wrapper: KeyWrapper,
  installationId: string,
  term: number,
): Promise<StoredTerm> {
  const key = randomBytes(32)
  const wrapped = await wrapper.wrap(key, { installationId, term })
  const kcv = checkValue(createSecretKey(key))
  key.fill(0)
  return { term, state: 'active', kek_id: wrapper.id, provider: wrapper.provider, wrapped, kcv }
}

/** Unwraps every stored data key and compares each with its check value; throws a `StartRefused` that names the id of the key-encryption key that is needed. */
export async function unlockKeyring(
  installationId: string,
  stored: readonly StoredTerm[],
  wrappers: readonly KeyWrapper[],
): Promise<Keyring> {
  const keys = new Map<number, KeyObject>()
  for (const row of stored) {
    if (row.state === 'destroyed') continue
    const wrapper = wrappers.find((candidate) => candidate.id === row.kek_id)
    if (!wrapper) throw keyRefused(row, `but was given ${wrappers.map(({ id }) => id).join(' and ')}`)
    const unwrapped = await wrapper.unwrap(row.wrapped, { installationId, term: row.term }).catch((cause) => {
      throw keyRefused(row, 'which does not open what is stored', { cause })
    })
    const key = createSecretKey(unwrapped)
    unwrapped.fill(0)
    if (!sameBytes(checkValue(key), row.kcv)) throw keyRefused(row, 'but another data key came back')
    keys.set(row.term, key)
  }
  const active = stored.find((row) => row.state === 'active')
  if (!active)
    throw new StartRefused('The database holds no active data key; it cannot have been written by Hawser.')
  return new Keyring(installationId, active.term, keys)
}

const sameBytes = (a: Uint8Array, b: Uint8Array) => a.length === b.length && timingSafeEqual(a, b)

const keyRefused = (row: StoredTerm, how: string, { cause }: { cause?: unknown } = {}) =>
  new StartRefused(
    `The database needs the key-encryption key ${row.kek_id} (for data key ${row.term}), ${how}. Nothing was changed.`,
    { cause },
  )

/** Returns the check value of a key: the first 16 bytes of HKDF-SHA-512 over the key, which differ for different keys and reveal none. */
export function checkValue(key: KeyObject): Buffer {
  return Buffer.from(hkdfSync('sha512', key, '', 'hawser/kcv/v1', 16))
}
