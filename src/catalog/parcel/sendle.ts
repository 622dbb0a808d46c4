import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret } from '../fields.ts'

export default defineCarrier({
  id: 'sendle',
  name: 'sendle',
  title: 'Sendle',
  countries: ['AU', 'US'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_sendle_request_body)',
  manifest: {
    requirement: 'optional',
    source: 'https://developers.sendle.com/reference/createshippingmanifest',
  },
  connect: {
    nickname: nickname(),
    sendle_id: identifier('Sendle id'),
    api_key: secret('API key'),
  },
})
