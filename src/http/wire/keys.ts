import { formSchema, type JsonSchema } from '../../catalog/forms/json-schema.ts'
import type { KeyPage } from '../../tenants/keys/own-keys.ts'
import { GRANTABLE, keyFields } from '../../tenants/keys/key-form.ts'
import { parseScopes, scopeNames } from '../../tenants/scopes.ts'
import { closed, paged } from '../openapi/schemas.ts'

const text: JsonSchema = { type: 'string' }
const time: JsonSchema = { type: 'string', format: 'date-time' }
const timeOrNull: JsonSchema = { anyOf: [time, { type: 'null' }] }

const form = formSchema(keyFields)
const scopesBody: JsonSchema = {
  title: 'What it may do, at most what the key may do that makes it',
  type: 'array',
  items: { type: 'string', enum: GRANTABLE },
  minItems: 1,
}

/** `newKeyBody` is the schema of the body that makes an API key. */
export const newKeyBody: JsonSchema = {
  ...form,
  properties: { scopes: scopesBody, ...(form.properties as Record<string, JsonSchema>) },
  required: ['scopes'],
}

const key = {
  key_id: text,
  description: { type: ['string', 'null'] },
  scopes: { type: 'array', items: { type: 'string', enum: scopeNames } },
  environment: { type: 'string', enum: ['production', 'sandbox'] },
  created_at: time,
  expires_at: timeOrNull,
  revoked_at: timeOrNull,
  last_used_at: timeOrNull,
}

/** `keyPage` is the schema of one page of API keys, without their texts. */
export const keyPage = closed({ keys: { type: 'array', items: closed(key) }, ...paged })
/** `newKeyAnswer` is the schema of the answer with a new API key, which is the only answer that has its text. */
export const newKeyAnswer = closed({ ...key, key: text })

/** Returns an API key in the shape of the list. */
export function keyObject(listed: KeyPage['keys'][number]) {
  const { key_id, description, scopes, environment, created_at, expires_at, revoked_at, last_used_at } =
    listed
  const times = { created_at, expires_at, revoked_at, last_used_at }
  return { key_id, description, scopes: parseScopes(scopes), environment, ...times }
}
