import { defineCarrier } from '../define.ts'
import { identifier, nickname, optional, secret, text } from '../fields.ts'

export default defineCarrier({
  id: 'asendia',
  name: 'asendia',
  title: 'Asendia USA',
  countries: ['US'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_asendia_request_body)',
  manifest: {
    requirement: 'required',
    source:
      'https://software-help.shiphero.com/hc/en-us/articles/4419345805709-Connecting-Asendia-Asendia-One',
  },
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
