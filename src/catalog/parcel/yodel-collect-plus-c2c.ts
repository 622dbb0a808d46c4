import { defineCarrier } from '../define.ts'
import { identifier, nickname, optional, secret, text } from '../fields.ts'

export default defineCarrier({
  id: 'yodel_collect_plus_c2c',
  name: 'yodel_collect_plus_c2c',
  title: 'Yodel Collect+ C2C',
  countries: ['GB'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/yodel-collect-guide',
  connect: {
    nickname: nickname(),
    api_key: secret('API key'),
    client_password: secret('Client password'),
    client_id: identifier('Client id'),
    client_name: optional(text('Client name')),
  },
})
