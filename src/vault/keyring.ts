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

/** A data key as it is stored: wrapped under a key-encryption key, with a check value of the key itself. */
export type StoredTerm = {
  term: number
  state: 'active' | 'decrypt_only' | 'destroyed'
  kek_id: string
  provider: string
  wrapped: Uint8Array
  kcv: Uint8Array
}

export type Purpose =
  | 'connection.credentials'
  | 'connection.settings'
  | 'connection.previous'
  | 'connection.buried'
  | 'connection.sign_in'
  | 'connection.token'
  | 'webhook.endpoint'
  | 'audit.changes'

/**
 * The one place where an envelope opens; all of it is authenticated. `subject` is the id of the connection or of the webhook, and `carrier` the catalog's immutable id of its carrier;
 * a webhook has none. What an event of the audit log changed opens under the number of the event, as its `version`.
 */
export type Place = {
  purpose: Purpose
  tenantId: string
  environment: string
  subject: string
  carrier: string
  version: number
}

/** The unlocked data keys of one installation. Sealing uses the active one; opening finds the one that the envelope names. */
export class Keyring {
  readonly installationId: string
  readonly activeTerm: number
  readonly #keys: ReadonlyMap<number, KeyObject>

  constructor(installationId: string, activeTerm: number, keys: ReadonlyMap<number, KeyObject>) {
    this.installationId = installationId
    this.activeTerm = activeTerm
    this.#keys = keys
  }

  /** Seals `plaintext` so that it opens at `place` and nowhere else. */
  seal(place: Place, plaintext: Uint8Array): Buffer {
    return seal(this.#key(this.activeTerm), this.activeTerm, 'record', this.#parts(place), plaintext)
  }

  /** Opens what was sealed for `place`; throws `EnvelopeError` otherwise. */
  open(place: Place, envelope: Uint8Array): Buffer {
    return open(this.#key(termOf(envelope)), 'record', this.#parts(place), envelope)
  }

  /** A keyed hash: the same for equal parts while the active data key is, and without that key it tells nothing of them. */
  digest(parts: readonly string[]): Buffer {
    const key = hkdfSync('sha256', this.#key(this.activeTerm), this.installationId, 'hawser/digest/v1', 32)
    return createHmac('sha256', Buffer.from(key)).update(JSON.stringify(parts)).digest()
  }

  #key(term: number): KeyObject {
    const key = this.#keys.get(term)
    if (!key) throw new EnvelopeError()
    return key
  }

  #parts(place: Place): string[] {
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

/** A new data key for `term`, wrapped; the key itself is not kept. */
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

/** Unwraps every stored data key and proves each by its check value; throws `StartRefused` that names the key id it needs. */
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
      throw keyRefused(row, 'which does not open what is stored', cause)
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

const keyRefused = (row: StoredTerm, how: string, cause?: unknown) =>
  new StartRefused(
    `The database needs the key-encryption key ${row.kek_id} (for data key ${row.term}), ${how}. Nothing was changed.`,
    { cause },
  )

/** First 16 bytes of HKDF-SHA-512 over the key: tells two keys apart without revealing either. */
export function checkValue(key: KeyObject): Buffer {
  return Buffer.from(hkdfSync('sha512', key, '', 'hawser/kcv/v1', 16))
}
