import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { parseConfig } from '../../../src/config.ts'
import type { Context, Scope } from '../../../src/context.ts'
import { openContext } from '../../../src/open-installation.ts'
import { buildApp } from '../../../src/http/app.ts'
import { createLog } from '../../../src/log.ts'
import type { Environment } from '../../../src/store/schema/tables.ts'
import { createKey } from '../../../src/tenants/keys/api-keys.ts'
import type { Outbound } from '../../../src/outbound/http.ts'
import { simulator } from '../../../src/simulator/sandbox.ts'
import { createTenant } from '../../../src/tenants/manage-tenant.ts'
import { operator } from '../../../src/tenants/operator.ts'
import { formatKek } from '../../../src/vault/kek-source.ts'
import { answerCheck, type AnswerCheck } from '../api-description/check-answers.ts'
import { type DatabaseName, newDatabase } from '../database/databases.ts'
import { rehearsing } from '../database/repeat-transactions.ts'

export type Answer = { status: number; headers: LightMyRequestResponse['headers']; text: string; json: any }
export type RequestOptions = {
  key?: string
  body?: unknown
  raw?: string | Buffer
  headers?: Record<string, string>
}

/** A test server has its own database, and a test sends requests to it through `request`; every answer is checked against the API description. */
export type TestServer = {
  database: DatabaseName
  env: Record<string, string>
  ctx: Context
  app: FastifyInstance
  logs: string[]
  /** This is a production key of the first tenant, with every scope but `partner`. */
  key: string
  tenantId: string
  request: (method: string, path: string, options?: RequestOptions) => Promise<Answer>
  newTenant: (name?: string) => Promise<string>
  newKey: (wanted?: {
    scopes?: Scope[]
    environment?: Environment
    tenantId?: string
    expiresAt?: string
  }) => Promise<string>
  close: () => Promise<void>
}

export type TestServerOptions = {
  env?: Record<string, string>
  clock?: () => Date
  outbound?: Outbound
  repeatTransactions?: boolean
  /** This function spoils the server on purpose, for a control. */
  spoil?: (app: FastifyInstance, ctx: Context) => void
}

/** Opens a server whose every transaction, unless told otherwise, is run, rolled back and run again, as it is after a conflict. */
export async function openTestServer(
  database: DatabaseName,
  options: TestServerOptions = {},
): Promise<TestServer> {
  const place = await newDatabase(database)
  const env = {
    HAWSER_DATABASE_URL: place.url,
    HAWSER_KEK: testKek,
    HAWSER_RATE_LIMIT: 'off',
    HAWSER_FAILURE_LIMIT: 'off',
    HAWSER_LOG_LEVEL: 'trace',
    ...options.env,
  }
  const logs: string[] = []
  const log = createLog('trace', { write: (line) => void logs.push(line) })
  const ctx = await openContext(parseConfig(env).config, log, {
    simulator,
    ...(options.clock ? { clock: options.clock } : {}),
    ...(options.outbound ? { outbound: options.outbound } : {}),
  })
  if (options.repeatTransactions ?? true) ctx.store = rehearsing(ctx.store)
  const app = await buildApp(ctx, '0.0.0')
  options.spoil?.(app, ctx)
  await app.ready()
  let tenants = 0
  const newTenant = async (name = 'a tenant') => {
    // Each tenant gets a number, because no two tenants may have the same name.
    const tenant = await createTenant(ctx, operator('cli'), `${name} ${(tenants += 1)}`)
    return tenant?.tenant_id ?? ''
  }
  const tenantId = await newTenant('first tenant')
  const newKey: TestServer['newKey'] = async ({
    scopes = ['admin' as const],
    environment = 'production',
    expiresAt,
    ...wanted
  } = {}) => {
    const actor = { ...operator('cli', { environment }), tenantId: wanted.tenantId ?? tenantId }
    const { keyId, text } = await createKey(ctx, actor, { environment, scopes })
    // The end is written past the operation, because it may be in the past, and no key can be made with such an end.
    if (expiresAt)
      await ctx.store.transaction(actor.tenantId, (tx) =>
        tx.updateTable('api_key').set({ expires_at: expiresAt }).where('key_id', '=', keyId).execute(),
      )
    return text.reveal()
  }
  const key = await newKey()
  const check = await answerCheck(app)
  return {
    database,
    env,
    ctx,
    app,
    logs,
    key,
    tenantId,
    newTenant,
    newKey,
    request: (method, path, asked = {}) => send({ app, check }, method, path, { key, ...asked }),
    close: async () => {
      await app.close()
      await ctx.store.close()
      await place.remove()
    },
  }
}

const testKek = formatKek(Buffer.alloc(32, 7))

async function send(
  { app, check }: { app: FastifyInstance; check: AnswerCheck },
  method: string,
  url: string,
  options: RequestOptions,
): Promise<Answer> {
  const { key, body, raw, headers = {} } = options
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body))
  const response = await app.inject({
    method: method,
    url,
    headers: {
      ...(key === undefined || key === '' ? {} : { 'API-Key': key }),
      ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(payload === undefined ? {} : { payload }),
  })
  const isJson = String(response.headers['content-type'] ?? '').startsWith('application/json')
  const answer = {
    status: response.statusCode,
    headers: response.headers,
    text: response.body,
    json: isJson && response.body !== '' ? JSON.parse(response.body) : undefined,
  }
  check(method, url, answer)
  return answer
}
