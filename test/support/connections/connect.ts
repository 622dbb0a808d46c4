import { dhlBody } from '../tokens/dhl-body.ts'
import type { Answer, RequestOptions, TestServer } from '../server/test-server.ts'
import { unique } from '../unique.ts'
import { connectBodies } from './connect-bodies.ts'

/** These options change a connect: other fields of the body, another key, or headers. */
export type ConnectOptions = Omit<RequestOptions, 'body' | 'raw'> & { body?: object }

/** These build bodies of accounts that, where the form allows it, no other call of this run has connected. */
const newBodies = {
  ...{ chronopost: () => connectBodies.chronopost, dhl_express: () => connectBodies.dhl_express },
  mondial_relay: () => connectBodies.mondial_relay,
  colissimo: () => ({ ...connectBodies.colissimo, username: unique('contract') }),
  dhl_ecommerce: () => dhlBody(),
  endicia: () => ({ ...connectBodies.endicia, account: unique('account') }),
  fedex: () => ({ ...connectBodies.fedex, account_number: unique() }),
  stamps_com: () => ({ ...connectBodies.stamps_com, username: unique('user') }),
  ups: () => ({ ...connectBodies.ups, account_number: unique() }),
}

/** This is the name of a carrier for which `connect` has a body. */
export type ConnectableCarrier = keyof typeof newBodies

/** Asks a server to connect an account of its own at a carrier, and answers what the server says. */
export function requestConnect(
  server: TestServer,
  carrier: ConnectableCarrier,
  { body, ...asked }: ConnectOptions = {},
): Promise<Answer> {
  const path = `/v1/connections/carriers/${carrier}`
  return server.request('POST', path, { body: { ...newBodies[carrier](), ...body }, ...asked })
}

/** Connects an account of its own at a carrier, and answers its id; throws when the server refuses. */
export async function connect(
  server: TestServer,
  carrier: ConnectableCarrier,
  options: ConnectOptions = {},
): Promise<string> {
  const answer = await requestConnect(server, carrier, options)
  if (answer.status !== 200) throw new Error(answer.text)
  return answer.json.carrier_id
}
