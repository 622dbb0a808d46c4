import { database } from './database.ts'
import { operatorSettings, signInSettings } from './operator.ts'
import {
  addresses,
  certificates,
  command,
  hostOverrides,
  kekLine,
  offOr,
  oneOf,
  optional,
  origin,
  rateLimits,
  text,
  wholeNumber,
  yesOrNo,
  type Setting,
} from './parsers.ts'

export type { Setting }

const setting = <T>(entry: Setting<T>): Setting<T> => entry

/**
 * `settings` is the table of all settings, each with its name, its parser, its default and one line that says what the setting does.
 * `secret` keeps the value out of everything that is printed; `file` means that the setting `<NAME>_FILE` may name a file that holds the value.
 */
export const settings = {
  HAWSER_HOST: setting({ parse: text, default: '127.0.0.1', about: 'Address to listen on.' }),
  HAWSER_PORT: setting({
    parse: wholeNumber(0, 65535),
    default: '4010',
    about: 'Port to listen on; 0 takes a free one.',
  }),
  HAWSER_TLS_IN_FRONT: setting({
    parse: yesOrNo,
    default: 'false',
    about:
      'Says that TLS ends in front of this server. Without it, the API is listened for on loopback addresses only, since Hawser itself speaks HTTP in clear.',
  }),
  HAWSER_TRUSTED_PROXIES: setting({
    parse: optional(addresses),
    default: '',
    about:
      'Addresses or CIDR ranges whose `X-Forwarded-For` is believed, for the audit log and for `HAWSER_FAILURE_LIMIT`.',
  }),
  HAWSER_DATABASE_URL: setting({
    parse: database,
    default: 'sqlite:./data/hawser.db',
    secret: true,
    file: true,
    about:
      '`sqlite:<path>`, absolute or relative, taken as it is (no parameters, no host), or `postgres://…` (PostgreSQL 15 or newer). Missing directories are created.',
  }),
  HAWSER_DATABASE_POOL: setting({
    parse: wholeNumber(2, 100),
    default: '10',
    about: 'Most connections to PostgreSQL that one process opens.',
  }),
  HAWSER_KEK_FILE: setting({
    parse: optional(text),
    default: '',
    about:
      'File that holds the key-encryption key. Default: `kek` in a directory beside the data directory, named like it with `-keys` behind (`data-keys/kek`); made at the first start.',
  }),
  HAWSER_KEK_FILE_MOUNTED: setting({
    parse: yesOrNo,
    default: 'false',
    about:
      'Accepts a key file that a secret mount provides: a symbolic link, readable by the group, or owned by another user.',
  }),
  HAWSER_KEK: setting({
    parse: optional(kekLine),
    default: '',
    secret: true,
    about:
      'The key itself, in the same form as in the file. It stays readable in the process’s start environment: prefer the file or the command.',
  }),
  HAWSER_KEK_COMMAND: setting({
    parse: optional(command),
    default: '',
    about:
      'Program that wraps and unwraps data keys with a key management service, as a JSON array; see `docs/operations.md`.',
  }),
  HAWSER_KEK_PREVIOUS_FILE: setting({
    parse: optional(text),
    default: '',
    about: 'File of the key before the current one, so that data keys wrapped under it still open.',
  }),
  HAWSER_LOG_LEVEL: setting({
    parse: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal'),
    default: 'info',
    about: 'Least severe level that is logged: trace, debug, info, warn, error, fatal.',
  }),
  HAWSER_RATE_LIMIT: setting({
    parse: offOr(rateLimits),
    default: 'production=200,sandbox=20',
    about: 'Requests a minute for each key, by environment, counted per process; `off` removes the limit.',
  }),
  HAWSER_FAILURE_LIMIT: setting({
    parse: offOr(wholeNumber(1, 1_000_000)),
    default: '300',
    about:
      'Requests a minute with a key that is not valid, for each client address (of IPv6, each /64), counted per process; more are answered 429, and valid keys go on. Behind a proxy set `HAWSER_TRUSTED_PROXIES`, or all clients are one address. `off` removes the limit.',
  }),
  HAWSER_CARRIER_HOSTS: setting({
    parse: optional(hostOverrides),
    default: '',
    about:
      'Sends the calls to a carrier’s host somewhere else, as `<host>=<origin>` pairs separated by commas: `api.mondialrelay.com=http://127.0.0.1:4020`. The path and the `Host` header stay. An `http://` origin has to be on this machine; an `https://` one has to prove the carrier’s host name.',
  }),
  HAWSER_OUTBOUND_ALLOW: setting({
    parse: optional(addresses),
    default: '',
    about:
      'Addresses or CIDR ranges that carriers’ hosts and webhooks may lead to although they are not public.',
  }),
  HAWSER_OUTBOUND_CA: setting({
    parse: optional(certificates),
    default: '',
    file: true,
    about:
      'Certificates in PEM that carriers’ hosts and webhooks may be signed with, beside the authorities that Node trusts; best given as a file.',
  }),
  HAWSER_BODY_LIMIT: setting({
    parse: wholeNumber(1024, 16_777_216),
    default: '65536',
    about: 'Largest request body in bytes.',
  }),
  HAWSER_SETTINGS_BODY_LIMIT: setting({
    parse: wholeNumber(1024, 16_777_216),
    default: '1048576',
    about: 'Largest body in bytes where settings may carry images.',
  }),
  HAWSER_REQUEST_TIMEOUT: setting({
    parse: wholeNumber(1, 600),
    default: '30',
    about: 'Seconds within which a request has to arrive whole.',
  }),
  HAWSER_HANDLER_TIMEOUT: setting({
    parse: wholeNumber(3, 1_200),
    default: '60',
    about:
      'Seconds after which a request that is not answered yet is answered 503. At least 2 more than `HAWSER_REQUEST_TIMEOUT`. A list gets ten times as long to be read.',
  }),
  HAWSER_DRAIN_TIMEOUT: setting({
    parse: wholeNumber(0, 600),
    default: '10',
    about: 'Seconds that running requests get to finish after SIGTERM.',
  }),
  HAWSER_MAX_CONNECTIONS: setting({
    parse: wholeNumber(1, 100_000),
    default: '10000',
    about: 'Most client connections at one time; further ones are closed.',
  }),
  HAWSER_VERIFICATION: setting({
    parse: oneOf('required', 'best-effort', 'off'),
    default: 'best-effort',
    about:
      'Whether a carrier is asked before its credentials are believed. `required` refuses what could not be proved where the carrier can be asked at all; `best-effort` stores it as `unverified`; `off` asks only when a request says so (`?verify=`, `verify`), and checks nothing by itself.',
  }),
  ...operatorSettings,
  ...signInSettings,
  HAWSER_PUBLIC_URL: setting({
    parse: optional(origin),
    default: '',
    about:
      'Where clients reach this server, as `https://<host>`, or `http://localhost:<port>` to try it; no path. Webhooks and the links of paged answers name resources by it, and carriers send a sign-in back to it; where it is not set, links of answers are as the request came (`Host`, or what a trusted proxy forwards), and webhooks and sign-ins use `http://` with the address and port to listen on.',
  }),
  HAWSER_WEBHOOK_HTTP: setting({
    parse: yesOrNo,
    default: 'false',
    about:
      'Lets webhooks be sent to `http://` addresses too, in clear and on any port. A receiver on this machine, or in your own network, needs `HAWSER_OUTBOUND_ALLOW` as well.',
  }),
  HAWSER_WEBHOOK_LIMIT: setting({
    parse: wholeNumber(1, 1_000),
    default: '20',
    about: 'Most webhooks that an account may have in one environment.',
  }),
  HAWSER_METRICS_PORT: setting({
    parse: offOr(wholeNumber(0, 65535)),
    default: 'off',
    about: 'Port on which `/metrics` answers in the Prometheus format, without a key; `off` serves none.',
  }),
  HAWSER_METRICS_HOST: setting({
    parse: text,
    default: '127.0.0.1',
    about: 'Address of the metrics port.',
  }),
}

type Settings = typeof settings
export type SettingName = keyof Settings
export type SettingValues = { readonly [N in SettingName]: Settings[N] extends Setting<infer T> ? T : never }
