import { defineCarrier } from '../define.ts'
import { identifier, nickname, optional, secret, text } from '../fields.ts'

export default defineCarrier({
  id: 'asendia',
  name: 'asendia',
  title: 'Asendia USA',
  countries: ['US'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_asendia_request_body)',
  connect: {
    nickname: nickname(),
    account_number: identifier('Account number'),
    username: text('Username'),
    password: secret('Password'),
    api_key: secret('API key'),
    processing_location: text('Processing location', {
      examples: ['MIA', 'JFK', 'ORD', 'PHL', 'SFO', 'LAX', 'SLC', 'TOR', 'BUF', 'CAL'],
    }),
    sub_account_number: optional(text('Sub account number', { minLength: 1 })),
  },
})
