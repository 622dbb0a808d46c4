import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret } from '../fields.ts'

export default defineCarrier({
  id: 'imex',
  name: 'imex',
  title: 'IMEX Global Solutions',
  countries: ['US'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_imex_request_body)',
  connect: {
    nickname: nickname(),
    username: identifier('Username'),
    password: secret('Password'),
  },
})
