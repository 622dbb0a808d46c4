import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret } from '../fields.ts'

export default defineCarrier({
  id: 'access_worldwide',
  name: 'access_worldwide',
  title: 'Access Worldwide',
  countries: ['US'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_access_worldwide_request_body)',
  connect: {
    nickname: nickname(),
    username: identifier('Username'),
    password: secret('Password'),
  },
})
