import type { Context } from '../context.ts'
import { fail } from '../errors.ts'
import { Secret } from '../secret.ts'
import type {
  BuriedConnection,
  CarrierToken,
  Connection,
  PreviousCredentials,
  WebhookEndpoint,
} from '../store/schema/tables.ts'
import { EnvelopeError } from '../vault/envelope.ts'
import type { Place } from '../vault/keyring.ts'
import { tokenPlace, type SealedToken } from './sealed-token.ts'
import {
  valuesPlace,
  type OpenedContents,
  type Holder,
  type SealedValues,
  type OpenedValues,
} from './sealed-values.ts'
import { webhookPlace, type WebhookSecrets } from './sealed-webhook.ts'

/** Whose row does not open where it stands: a connection, with whatever is sealed of it, or a webhook. */
export type Subject =
  | { kind: 'connection'; tenantId: string; carrierId: string }
  | { kind: 'webhook'; tenantId: string; webhookId: string }

/** Opens what is sealed, and refuses (500) what was altered or moved; whoever made the opener is told of that, and so is the log, which is told nothing of the content. */
export type Opener = {
  /** Opens the credentials that are in force. */
  credentials(connection: Connection): SealedValues
  /** Opens the settings; they are empty where there are none. */
  settings(connection: Connection): SealedValues
  /** Opens credentials and settings. */
  contents(connection: Connection): Secret<OpenedContents>
  /** Opens the credentials that were in force before the current ones. */
  previous(holder: Holder, previous: PreviousCredentials): SealedValues
  /** Opens what a deleted connection comes back with. */
  deleted(buried: BuriedConnection): Secret<OpenedContents>
  /** Opens what is kept of a sign-in until the merchant comes back. */
  verifier(holder: Holder, sealed: Uint8Array): Secret<string>
  /** Opens the access token, which is of the version of the credentials that it was minted from, and has the end that stands beside it. */
  token(holder: Holder, row: CarrierToken): Secret<string>
  /** Opens what a webhook keeps to itself. */
  webhook(endpoint: WebhookEndpoint): Secret<WebhookSecrets>
}

/** Makes an opener that tells `note` whose row does not open. Outside of custody `openSealed` and its neighbours make it, which put that on record. */
export function createOpener(
  { keyring, log }: Pick<Context, 'keyring' | 'log'>,
  note: (subject: Subject) => void,
): Opener {
  const openAt = <T>(place: Place, envelope: Uint8Array, read: (text: string) => T): Secret<T> => {
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
  const openValues = (place: Place, envelope: Uint8Array) => openAt(place, envelope, parse<OpenedValues>)

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
    deleted: (buried) => {
      const place = valuesPlace('connection.buried', buried, buried.credentials_version)
      return openAt(place, buried.sealed, parse<OpenedContents>)
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

const subjectOf = ({ purpose, tenantId, subject }: Place): Subject =>
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
