import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret } from '../fields.ts'

export default defineCarrier({
  id: 'apc',
  name: 'apc',
  title: 'APC Postal Logistics',
  countries: ['US'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_apc_request_body)',
  connect: {
    nickname: nickname(),
    username: identifier('Username'),
    password: secret('Password'),
  },
})
