import { defineCarrier } from '../define.ts'
import { identifier, nickname, optional, secret, text } from '../fields.ts'

export default defineCarrier({
  id: 'fastway_au',
  name: 'fastway_au',
  title: 'Aramex Australia',
  countries: ['AU'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/aramex-au',
  connect: {
    nickname: nickname(),
    client_id: identifier('Client id'),
    client_secret: secret('Client secret'),
    email: text('E-mail'),
    'account-type_id': optional(text('Account type id')),
  },
})
