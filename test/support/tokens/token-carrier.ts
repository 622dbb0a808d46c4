import { noWayOut } from '../../../src/context.ts'
import type { Reply } from '../../../src/catalog/verification.ts'
import { findToken } from '../../../src/store/tables/connections/carrier-tokens.ts'
import type { CarrierToken } from '../../../src/store/schema/tables.ts'
import type { TestServer } from '../server/test-server.ts'

export const DHL_PATH = '/v1/connections/carriers/dhl_ecommerce'

const json = (status: number, body: unknown): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

/** The token carrier mints tokens like DHL eCommerce; a test changes its members. */
export type TokenCarrier = {
  /** These are the secrets of all calls, in order. */
  asked: string[]
  /** This is how many seconds a token lasts; with `undefined` the carrier does not say. */
  life: number | undefined
  refused: Set<string>
  isDown: boolean
  /** Every call waits for this promise. */
  until: Promise<unknown>
  /** Answers the token that a call was given; the first call has the number 1. */
  token: (count: number) => string
}

/** Makes a server call a carrier that mints tokens. */
export function mintTokens(server: TestServer, life = 3_600): TokenCarrier {
  const carrier: TokenCarrier = {
    asked: [],
    life,
    refused: new Set(),
    isDown: false,
    until: Promise.resolve(),
    token: (count) => `minted-token-${count}-for-${carrier.asked[count - 1]}`,
  }
  server.ctx.outbound = {
    ...noWayOut,
    ask: async (_id, _hosts, call) => {
      const secret = new URLSearchParams(call.body).get('client_secret') ?? ''
      const count = carrier.asked.push(secret)
      const { life: expires_in, isDown } = carrier
      await carrier.until
      if (isDown) throw new Error('The carrier is down.')
      if (carrier.refused.has(secret)) return json(401, { title: 'Unauthorized' })
      return json(200, { access_token: carrier.token(count), expires_in })
    },
  }
  return carrier
}

/** Makes a promise, and the function that fulfils it. */
export function newGate(): { until: Promise<void>; open: () => void } {
  let open = () => {}
  const until = new Promise<void>((resolve) => (open = resolve))
  return { until, open }
}

/** Asks for the access token of a connection. */
export const leaseToken = (server: TestServer, id: string, query = 'as=token', key = server.key) =>
  server.request('POST', `${DHL_PATH}/${id}/lease?${query}`, { key })

/** Reads what is stored of the access token of a connection of the first tenant. */
export const tokenRow = (server: TestServer, carrierId: string): Promise<CarrierToken | undefined> => {
  const { ctx, tenantId } = server
  const key = { tenantId, environment: 'production', carrierId } as const
  return ctx.store.read(tenantId, (db) => findToken(db, key))
}
