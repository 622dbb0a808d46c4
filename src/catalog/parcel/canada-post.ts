import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret, text } from '../fields.ts'

export default defineCarrier({
  id: 'canada_post',
  name: 'canada_post',
  title: 'Canada Post',
  countries: ['CA'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_canada_post_request_body)',
  connect: {
    nickname: nickname(),
    api_key: secret('API key'),
    api_secret: secret('API secret'),
    account_number: identifier('Account number'),
    contract_id: text('Contract id'),
  },
})
