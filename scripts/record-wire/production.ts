import type { SimulatorClient } from '../../test/support/carriers/simulator-client.ts'
import type { WireClient } from './client.ts'

const ACCOUNTS: [carrier: string, body: Record<string, unknown>, secret: string][] = [
  ['chronopost', { nickname: 'n', account_number: '19869502', password: '255562' }, 'password'],
  ['mondial_relay', { nickname: 'n', enseigne: 'BDTEST13', api_key: 'PrivateK' }, 'api_key'],
  ['colissimo', { nickname: 'n', username: 'contract-1', password: 'pass-1' }, 'password'],
  [
    'canada_post',
    { nickname: 'n', account_number: '1234567', contract_id: '1', api_key: 'key', api_secret: 's' },
    'api_secret',
  ],
]

/** Connects and changes accounts in production, at carriers that accept them, refuse them, or answer badly. */
export async function recordProduction(
  { send, keys }: WireClient,
  simulator: SimulatorClient,
): Promise<void> {
  const key = keys.production
  for (const [carrier, body, secret] of ACCOUNTS) {
    const path = `/v1/connections/carriers/${carrier}`
    await simulator.accept(carrier, body)
    const wrong = { ...body, [secret]: 'wrong' }
    for (const query of ['', '?verify=only', '?verify=required'])
      await send('POST', `${path}${query}`, { key, body: wrong })
    await send('POST', `${path}?verify=only`, { key, body })
    const one = `${path}/${(await send('POST', path, { key, body })).json?.carrier_id}`
    await send('GET', one, { key })
    await send('PUT', one, { key, body: wrong })
    await send('PUT', `${one}?verify=required`, { key, body: { ...body, nickname: 'm' } })
    await send('POST', `${one}/verify`, { key })
    await send('POST', `${one}/rollback`, { key })
    for (const script of ['rate_limited', 'outage', 'garbage', 'elsewhere']) {
      await simulator.setWeather(carrier, script)
      await send('PUT', `${one}?verify=required`, { key, body })
      await send('POST', `${one}/verify`, { key })
    }
    await simulator.setWeather(carrier, null)
    await send('POST', `${one}/lease`, { key })
    // The connection is deleted and not restored, because a connection that stands would be checked at a random moment between the answers.
    await send('DELETE', one, { key })
  }
  await send('GET', '/v1/connections', { key })
  await send('GET', '/v1/audit?page_size=500', { key })
}
