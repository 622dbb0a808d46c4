import type { Config } from './config.ts'
import type { Environment } from './store/schema/tables.ts'
import type { IssuedKey } from './tenants/keys/api-keys.ts'

/** Returns the text that the terminal shows at the very first start and never again: the first API keys and a request to try. */
export function firstStartText(
  address: string,
  config: Config,
  keys: Record<Environment, IssuedKey>,
): string {
  const base = config.saidUrl ?? address
  const sandbox = keys.sandbox.text.reveal()
  const body = '{"nickname":"My first carrier","username":"demo-user","password":"demo-password"}'
  return `
Hawser is listening on ${address}

Two API keys of the account "default", shown this once:
  production  ${keys.production.text.reveal()}
  sandbox     ${sandbox}
${config.kek.kind === 'file' ? `\nThe key that seals every credential: ${config.kek.path}\nBack it up away from the data; without it nothing stored can be read.\n` : ''}
Try it:
  curl -s -X POST ${base}/v1/connections/carriers/stamps_com -H 'API-Key: ${sandbox}' -H 'Content-Type: application/json' -d '${body}'

The reference of the API, with a body for each carrier: ${base}/docs

`
}
