import { request } from 'node:http'
import { findCarrierById } from '../../../src/catalog/find-carrier.ts'
import { verify, type Ask, type CarrierAnswer } from '../../../src/catalog/verification.ts'

type Values = Readonly<Record<string, unknown>>

/** A simulator client gives orders to a simulator that listens, and calls its carriers like a shipping system. */
export type SimulatorClient = {
  /** Makes these credentials the right ones of their account, alone or beside those that are right already. */
  accept: (carrierId: string, credentials: Values, how?: 'only' | 'beside') => Promise<void>
  setWeather: (carrierId: string, script: string | null) => Promise<void>
  /** Asks the carrier itself about these credentials. */
  use: (carrierId: string, credentials: Values) => Promise<CarrierAnswer>
}

/** Answers a client of the simulator at an address. */
export function simulatorAt(address: string): SimulatorClient {
  const order = async (method: string, path: string, body: unknown) => {
    const answer = await fetch(`${address}${path}`, { method, body: JSON.stringify(body) })
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    await answer.body?.cancel()
  }
  return {
    accept: (carrierId, credentials, how = 'only') =>
      order(how === 'only' ? 'PUT' : 'POST', `/accounts/${carrierId}`, credentials),
    setWeather: (carrierId, script) => order('PUT', `/weather/${carrierId}`, { script }),
    use: (carrierId, values) => {
      const recipe = findCarrierById(carrierId)?.verify
      if (!recipe) throw new Error(`There is no way to ask ${carrierId}.`)
      const requestId = crypto.randomUUID()
      return verify(recipe, { values, operator: {}, at: new Date(), requestId }, askAt(address))
    },
  }
}

const askAt =
  (address: string): Ask =>
  ({ method, url, headers, body }) =>
    new Promise((resolve, reject) => {
      const { host, pathname, search } = new URL(url)
      const sent = request(
        `${address}${pathname}${search}`,
        { method, headers: { ...headers, host } },
        (answer) => {
          let text = ''
          answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
          answer.on('error', reject)
          answer.on('end', () =>
            resolve({
              status: answer.statusCode ?? 0,
              headers: answer.headers as Record<string, string>,
              body: text,
            }),
          )
        },
      )
      sent.on('error', reject).end(body)
    })
