import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { findCarrierById } from '../catalog/find-carrier.ts'
import { OUTCOMES, type Call, type Reply, type VerificationOutcome } from '../catalog/verification.ts'
import { openAccounts } from './accounts.ts'
import { controlSimulator, type SimulatorOrder } from './control.ts'
import { basicUser, jsonReply, type SimulatedAccount, type SimulatedCarrier } from './define.ts'
import { simulatedCarriers } from './index.ts'
import { answerWith, wantedOutcome, chooseWeightiest } from './sandbox.ts'
import { weather } from './weather.ts'
import { send, wireWeather } from './wire-weather.ts'

/** A simulator server answers as every simulated carrier. */
export type SimulatorServer = Readonly<{
  address: string
  /** `carrierHosts` is the value for `HAWSER_CARRIER_HOSTS` with which the calls to every simulated carrier go to this server. */
  carrierHosts: string
  close: () => Promise<void>
}>

export type SimulatorOptions = Readonly<{
  /** `port` is the port on which the server listens; 0 takes a free port. */
  port: number
  /** `asked` is called with the carrier of each call before the call is answered; the answer waits until `asked` has ended. */
  asked?: (carrierId: string) => void | Promise<void>
}>

const LOOPBACK = '127.0.0.1'
const OWN_NAMES = new Set(['localhost', LOOPBACK])
const LONGEST_BODY = 1_048_576

/** Opens a simulator on loopback. A call to the host of a carrier is answered as by this carrier, and a call to `localhost` or `127.0.0.1` is an order to the simulator. */
export async function openSimulator({ port, asked }: SimulatorOptions): Promise<SimulatorServer> {
  const accounts = openAccounts()
  const scripts = new Map<string, string>()

  const answer = async (request: IncomingMessage, response: ServerResponse<IncomingMessage>) => {
    const name = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
    const body = await readBody(request)
    if (body === undefined) return send(response, jsonReply(413, { error: 'The body is too long.' }))
    const told: SimulatorOrder = { method: request.method ?? '', path: request.url ?? '', body }
    if (OWN_NAMES.has(name)) return send(response, controlSimulator(told, accounts, scripts))
    const carriers = carriersOf(name)
    const call = callOf(name, request, body)
    const carrier = call && choose(carriers, call, accounts.of)
    if (!carrier) return send(response, jsonReply(404, { error: 'No simulated carrier answers to this.' }))
    await asked?.(carrier.carrier)
    const script = scripts.get(carrier.carrier) ?? ''
    const usual = usually(carrier, call, accounts.of(carrier.carrier), script)
    return wireWeather[script] ? wireWeather[script](response, call, usual) : send(response, usual)
  }

  const server = createServer((request, response) => {
    response.on('error', () => undefined)
    answer(request, response).catch(() => send(response, jsonReply(500, { error: 'The simulator failed.' })))
  })
  server.listen(port, LOOPBACK)
  await once(server, 'listening')
  const bound = server.address()
  const address = `http://${LOOPBACK}:${typeof bound === 'object' && bound ? bound.port : port}`
  return {
    address,
    carrierHosts: allHosts()
      .map((host) => `${host}=${address}`)
      .join(','),
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

const hostsOf = ({ carrier }: SimulatedCarrier): readonly string[] =>
  findCarrierById(carrier)?.verify?.hosts ?? []
const allHosts = () => [...new Set(simulatedCarriers.flatMap(hostsOf))].sort()
const carriersOf = (host: string) => simulatedCarriers.filter((carrier) => hostsOf(carrier).includes(host))

/** Chooses among several carriers on one host: the carrier that knows the caller, or else the first carrier that has the path of the call. */
function choose(
  carriers: readonly SimulatedCarrier[],
  call: Call,
  accountsOf: (carrierId: string) => readonly SimulatedAccount[],
): SimulatedCarrier | undefined {
  return (
    carriers.find((carrier) => knows(carrier, call, accountsOf(carrier.carrier))) ??
    carriers.find((carrier) => carrier.answer(call, []).status !== 404) ??
    carriers[0]
  )
}

/** Tells whether a call is about one of these accounts: without the accounts the carrier would give another answer. */
const knows = (carrier: SimulatedCarrier, call: Call, accounts: readonly SimulatedAccount[]) =>
  JSON.stringify(carrier.answer(call, accounts)) !== JSON.stringify(carrier.answer(call, []))

function usually(
  carrier: SimulatedCarrier,
  call: Call,
  accounts: readonly SimulatedAccount[],
  script: string,
): Reply {
  const scripted = (carrier.scripts[script] ?? weather[script])?.reply(call)
  if (scripted) return scripted
  const meant = accounts.filter((account) => knows(carrier, call, [account]))
  const wanted = magicIn(call) ?? meant.map(({ values }) => wantedOutcome(values)).find(Boolean)
  return answerWith(carrier, call, accounts, wanted)
}

const MAGIC = new RegExp(`simulate-(${OUTCOMES.join('|').replaceAll('_', '-')})`, 'gi')

/** Returns the outcome that the credentials in a call ask for by name. */
function magicIn(call: Call): VerificationOutcome | undefined {
  const { user = '', password = '' } = basicUser(call) ?? {}
  const text = [call.url, user, password, ...Object.values(call.headers), call.body].join('\n')
  return chooseWeightiest(
    [...text.matchAll(MAGIC)].map(([, asked = '']) => asked.toLowerCase().replaceAll('-', '_')),
  )
}

function callOf(
  host: string,
  { method, url = '/', headers }: IncomingMessage,
  body: string,
): Call | undefined {
  if (method !== 'GET' && method !== 'POST') return undefined
  const named = Object.entries(headers).map(([name, value = '']) => [name, String(value)] as const)
  return {
    method,
    url: `https://${host}${url}`,
    headers: Object.fromEntries(named),
    ...(body !== '' && { body }),
  }
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= LONGEST_BODY) chunks.push(chunk)
  }
  return size > LONGEST_BODY ? undefined : Buffer.concat(chunks).toString('utf8')
}
