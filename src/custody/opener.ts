import type { Context } from '../context.ts'
import { fail } from '../errors.ts'
import { Secret } from '../secret.ts'
import type {
  DeletedConnection,
  CarrierToken,
  Connection,
  PreviousCredentials,
  WebhookEndpoint,
} from '../store/schema/tables.ts'
import { EnvelopeError } from '../vault/envelope.ts'
import type { EnvelopePlace } from '../vault/keyring.ts'
import { tokenPlace, type SealedToken } from './sealed-token.ts'
import {
  valuesPlace,
  type OpenedContents,
  type Holder,
  type SealedValues,
  type OpenedValues,
} from './sealed-values.ts'
import { webhookPlace, type WebhookSecrets } from './sealed-webhook.ts'

/** Names what does not open where it stands: a connection, with whatever is sealed of it, or a webhook. */
export type Subject =
  | { kind: 'connection'; tenantId: string; carrierId: string }
  | { kind: 'webhook'; tenantId: string; webhookId: string }

/** An opener opens what is sealed, and refuses (500) what was altered or moved. Each refusal is reported to the code that made the opener, and is logged without anything of the contents. */
export type Opener = {
  /** Opens the credentials that are in force. */
  credentials(connection: Connection): SealedValues
  /** Opens the settings; they are empty where there are none. */
  settings(connection: Connection): SealedValues
  /** Opens credentials and settings. */
  contents(connection: Connection): Secret<OpenedContents>
  /** Opens the credentials that were in force before the current ones. */
  previous(holder: Holder, previous: PreviousCredentials): SealedValues
  /** Opens the contents that a deleted connection is restored with. */
  deleted(deleted: DeletedConnection): Secret<OpenedContents>
  /** Opens the verifier that is kept of a sign-in until the merchant comes back. */
  verifier(holder: Holder, sealed: Uint8Array): Secret<string>
  /** Opens the access token, which belongs to the version of the credentials that it was minted from and ends at the time that stands beside it. */
  token(holder: Holder, row: CarrierToken): Secret<string>
  /** Opens the secrets of a webhook. */
  webhook(endpoint: WebhookEndpoint): Secret<WebhookSecrets>
}

/** Returns an opener that calls `note` with the connection or webhook that does not open. Outside of custody, code gets an opener only from the functions in `open-sealed.ts`, which record in the audit log what does not open. */
export function createOpener(
  { keyring, log }: Pick<Context, 'keyring' | 'log'>,
  note: (subject: Subject) => void,
): Opener {
  const openAt = <T>(place: EnvelopePlace, envelope: Uint8Array, read: (text: string) => T): Secret<T> => {
    try {
      return new Secret(read(keyring.open(place, envelope).toString('utf8')))
    } catch (error) {
      if (!(error instanceof EnvelopeError)) throw error
      const subject = subjectOf(place)
      note(subject)
      log.error(
        { purpose: place.purpose, tenant: place.tenantId, ...columnsOf(subject) },
        'integrity violation: an envelope does not open where it stands',
      )
      return refuse(subject)
    }
  }
  const openValues = (place: EnvelopePlace, envelope: Uint8Array) =>
    openAt(place, envelope, parse<OpenedValues>)

  const opener: Opener = {
    credentials: (connection) => {
      const { credentials_version: version, credentials } = connection
      return openValues(valuesPlace('connection.credentials', connection, version), credentials)
    },
    settings: (connection) => {
      const { settings_version: version, settings } = connection
      if (settings === null) return new Secret({})
      return openValues(valuesPlace('connection.settings', connection, version), settings)
    },
    contents: (connection) =>
      new Secret({
        credentials: opener.credentials(connection).reveal(),
        settings: opener.settings(connection).reveal(),
      }),
    previous: (holder, { credentials_version: version, credentials }) =>
      openValues(valuesPlace('connection.previous', holder, version), credentials),
    deleted: (deleted) => {
      const place = valuesPlace('connection.buried', deleted, deleted.credentials_version)
      return openAt(place, deleted.sealed, parse<OpenedContents>)
    },
    verifier: (holder, sealed) => {
      const place = valuesPlace('connection.sign_in', holder, 1)
      return openAt(place, sealed, (text) => String(parse<{ verifier: unknown }>(text).verifier))
    },
    token: (holder, { credentials_version: version, sealed, expires_at }) =>
      openAt(tokenPlace(holder, version), sealed ?? Buffer.alloc(0), (text) => {
        const { token, expiresAt } = parse<SealedToken>(text)
        if (expiresAt !== expires_at) throw new EnvelopeError()
        return token
      }),
    webhook: (endpoint) =>
      openAt(webhookPlace(endpoint, endpoint.sealed_version), endpoint.sealed, parse<WebhookSecrets>),
  }
  return opener
}

const parse = <T>(text: string) => JSON.parse(text) as T

const subjectOf = ({ purpose, tenantId, subject }: EnvelopePlace): Subject =>
  purpose === 'webhook.endpoint'
    ? { kind: 'webhook', tenantId, webhookId: subject }
    : { kind: 'connection', tenantId, carrierId: subject }

const columnsOf = (subject: Subject) =>
  subject.kind === 'webhook' ? { webhook_id: subject.webhookId } : { carrier_id: subject.carrierId }

function refuse(subject: Subject): never {
  const what = subject.kind === 'webhook' ? 'webhook' : 'connection'
  return fail(
    'credentials_unreadable',
    `What is stored for this ${what} fails its integrity check; it was not used.`,
    subject.kind === 'webhook' ? {} : { carrierId: subject.carrierId },
  )
}
