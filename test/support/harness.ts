import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe } from 'node:test'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import pg from 'pg'
import { parseConfig } from '../../src/config.ts'
import { openContext, type Context, type Scope } from '../../src/context.ts'
import { buildApp } from '../../src/http/app.ts'
import { createLog } from '../../src/log.ts'
import type { Store } from '../../src/store/db.ts'
import type { Environment } from '../../src/store/schema.ts'
import { createKey } from '../../src/tenants/api-keys.ts'
import type { Outbound } from '../../src/outbound/http.ts'
import { simulator } from '../../src/simulator/sandbox.ts'
import { createTenant } from '../../src/tenants/manage-tenant.ts'
import { operator } from '../../src/tenants/operator.ts'
import { formatKek } from '../../src/vault/kek-source.ts'
import { answerCheck, type AnswerCheck } from './answers.ts'

export type DatabaseName = 'sqlite' | 'postgres'

/** The databases of this run: PostgreSQL too, when the runner has started a server. */
export const databases: DatabaseName[] = [
  'sqlite',
  ...(process.env.HAWSER_TEST_POSTGRES_URL ? (['postgres'] as const) : []),
]

export type Answer = { status: number; headers: LightMyRequestResponse['headers']; text: string; json: any }
export type RequestOptions = {
  key?: string
  body?: unknown
  raw?: string | Buffer
  headers?: Record<string, string>
}

/** A server of its own with a database of its own, asked through `request`; every answer is held against the API description. */
export type House = {
  database: DatabaseName
  env: Record<string, string>
  ctx: Context
  app: FastifyInstance
  logs: string[]
  /** A production key of the first tenant with every scope but `partner`. */
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

type HouseOptions = {
  env?: Record<string, string>
  clock?: () => Date
  outbound?: Outbound
  rehearse?: boolean
  /** Spoils the server on purpose, for a control. */
  spoil?: (app: FastifyInstance, ctx: Context) => void
}

/** Opens a house. Unless told otherwise every transaction is rehearsed: run, rolled back, and run again, as a conflict would make it. */
export async function openHouse(database: DatabaseName, options: HouseOptions = {}): Promise<House> {
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
  if (options.rehearse ?? true) ctx.store = rehearsing(ctx.store)
  const app = await buildApp(ctx, '0.0.0')
  options.spoil?.(app, ctx)
  await app.ready()
  let tenants = 0
  const newTenant = async (name = 'a tenant') => {
    // No two tenants have one name.
    const tenant = await createTenant(ctx, operator('cli'), `${name} ${(tenants += 1)}`)
    return tenant?.tenant_id ?? ''
  }
  const tenantId = await newTenant('first tenant')
  const newKey: House['newKey'] = async ({
    scopes = ['admin' as const],
    environment = 'production',
    expiresAt,
    ...wanted
  } = {}) => {
    const actor = { ...operator('cli', environment), tenantId: wanted.tenantId ?? tenantId }
    const { keyId, text } = await createKey(ctx, actor, { environment, scopes })
    // The end may have come, which no key is made with.
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
    request: (method, path, asked = {}) => send(app, check, method, path, { key, ...asked }),
    close: async () => {
      await app.close()
      await ctx.store.close()
      await place.remove()
    },
  }
}

/** Runs the same tests on every database of this run, each with a house that is open for the whole block. */
export function onEveryDatabase(
  title: string,
  define: (house: () => House) => void,
  options: HouseOptions = {},
): void {
  for (const database of databases)
    describe(`${title} (${database})`, () => {
      let house: House | undefined
      before(async () => {
        house = await openHouse(database, options)
      })
      after(() => house?.close())
      define(() => {
        if (!house) throw new Error('The house is not open yet.')
        return house
      })
    })
}

const testKek = formatKek(Buffer.alloc(32, 7))

async function send(
  app: FastifyInstance,
  check: AnswerCheck,
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

/** An empty database of its own, and how to remove it. */
export async function newDatabase(
  database: DatabaseName,
): Promise<{ url: string; remove: () => Promise<void> }> {
  if (database === 'sqlite') {
    const directory = mkdtempSync(join(tmpdir(), 'hawser-test-'))
    return {
      url: `sqlite:${join(directory, 'hawser.db')}`,
      remove: async () => rmSync(directory, { recursive: true, force: true }),
    }
  }
  const server = process.env.HAWSER_TEST_POSTGRES_URL ?? ''
  const name = `test_${randomBytes(8).toString('hex')}`
  await administer(server, `create database ${name}`)
  return {
    url: server.replace(/\/postgres$/, `/${name}`),
    remove: async () => void (await administer(server, `drop database if exists ${name} with (force)`)),
  }
}

/** Runs one statement as the owner of the server. */
export async function administer(url: string, statement: string, values: unknown[] = []): Promise<any[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(statement, values)).rows
  } finally {
    await client.end()
  }
}

class Rehearsed extends Error {}

function rehearsing(store: Store): Store {
  return {
    ...store,
    transaction: async (tenantId, work) => {
      await store
        .transaction(tenantId, async (tx) => {
          await work(tx)
          throw new Rehearsed()
        })
        .catch((error: unknown) => {
          if (!(error instanceof Rehearsed)) throw error
        })
      return store.transaction(tenantId, work)
    },
  }
}
