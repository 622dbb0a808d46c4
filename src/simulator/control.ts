import type { Reply } from '../catalog/verification.ts'
import type { Accounts } from './accounts.ts'
import { jsonReply } from './define.ts'
import { findSimulated } from './find-simulated.ts'
import { weather } from './weather.ts'
import { wireWeather } from './wire-weather.ts'

/** An order is a request to the simulator itself. */
export type SimulatorOrder = Readonly<{ method: string; path: string; body: string }>

const refusal = (status: number, error: string) => jsonReply(status, { error })

/** Carries out an order that changes or shows the credentials that a carrier accepts, or the way in which a carrier misbehaves (its weather); the answer repeats no value. */
export function controlSimulator(
  { method, path, body }: SimulatorOrder,
  accounts: Accounts,
  scripts: Map<string, string>,
): Reply {
  const [, kind, carrierId = ''] = /^\/(accounts|weather)\/([\w-]+)$/.exec(path) ?? []
  const carrier = findSimulated(carrierId)
  if (!kind) return refusal(404, 'There are /accounts/{carrier id} and /weather/{carrier id}.')
  if (!carrier) return refusal(404, 'No carrier of this id is simulated.')
  if (kind === 'accounts') {
    if (method === 'GET') return namesOf(accounts, carrierId)
    if (method === 'PUT' || method === 'POST')
      return register(accounts, carrierId, body, method === 'PUT' ? 'only' : 'beside')
    return refusal(405, 'Accounts take GET, PUT and POST.')
  }
  const names = [...Object.keys(carrier.scripts), ...Object.keys(weather), ...Object.keys(wireWeather)]
  if (method === 'GET') return jsonReply(200, { script: scripts.get(carrierId) ?? null, scripts: names })
  if (method !== 'PUT') return refusal(405, 'Weather takes GET and PUT.')
  const script = objectIn(body)?.script
  if (script === null) scripts.delete(carrierId)
  else if (typeof script === 'string' && names.includes(script)) scripts.set(carrierId, script)
  else return refusal(400, `"script" is null or one of: ${names.join(', ')}.`)
  return jsonReply(200, { script })
}

function register(accounts: Accounts, carrierId: string, body: string, how: 'only' | 'beside'): Reply {
  const credentials = objectIn(body)
  if (!credentials) return refusal(400, 'The body is a JSON object of credentials.')
  const missing = accounts.missing(carrierId, credentials)
  if (missing.length > 0) return refusal(400, `The carrier cannot prove these without ${missing.join(', ')}.`)
  accounts.register(carrierId, credentials, how)
  return namesOf(accounts, carrierId)
}

const namesOf = (accounts: Accounts, carrierId: string) =>
  jsonReply(200, {
    accounts: accounts
      .of(carrierId)
      .map(({ values, operator }) => ({ names: [...Object.keys(values), ...Object.keys(operator)] })),
  })

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
