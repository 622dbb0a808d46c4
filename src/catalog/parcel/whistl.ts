import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret, text } from '../fields.ts'

export default defineCarrier({
  id: 'whistl',
  name: 'whistl',
  title: 'Whistl',
  countries: ['GB'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/whistl-guide',
  connect: {
    nickname: nickname(),
    password: secret('Password'),
    account: identifier('Account'),
    department: text('Department'),
    tracking_api_key: secret('Tracking API key'),
  },
})
