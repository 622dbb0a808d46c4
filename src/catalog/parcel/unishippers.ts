import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret } from '../fields.ts'

export default defineCarrier({
  id: 'unishippers',
  name: 'unishippers',
  title: 'UPS by Unishippers',
  countries: ['US'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/ups-by-unishippers',
  connect: {
    nickname: nickname(),
    client_id: identifier('Client id'),
    client_secret: secret('Client secret'),
  },
})
