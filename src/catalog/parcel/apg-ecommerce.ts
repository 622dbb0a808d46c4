import { defineCarrier } from '../define.ts'
import { identifier, nickname, optional, secret, text } from '../fields.ts'

export default defineCarrier({
  id: 'apg_ecommerce',
  name: 'apg_ecommerce',
  title: 'APG eCommerce',
  countries: ['US'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/apg',
  connect: {
    nickname: nickname(),
    username: identifier('Username'),
    password: secret('Password'),
    sender_code: optional(text('Sender code')),
  },
})
