import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret } from '../fields.ts'

export default defineCarrier({
  id: 'rr_donnelley',
  name: 'rr_donnelley',
  title: 'RR Donnelley',
  countries: ['US'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_rr_donnelley_request_body)',
  successor: 'epg_shipping',
  connect: {
    nickname: nickname(),
    username: identifier('Username'),
    password: secret('Password'),
  },
})
