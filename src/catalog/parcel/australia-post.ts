import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret } from '../fields.ts'

export default defineCarrier({
  id: 'australia_post',
  name: 'australia_post',
  title: 'Australia Post',
  countries: ['AU'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_australia_post_request_body)',
  connect: {
    account_number: identifier('Account number'),
    api_key: secret('API key'),
    api_secret: secret('API secret'),
    nickname: nickname(),
  },
})
