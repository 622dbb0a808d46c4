import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret, text } from '../fields.ts'

export default defineCarrier({
  id: 'dpd_local',
  name: 'dpd_local',
  title: 'DPD Local',
  countries: ['GB'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/dpdlocal-guide',
  connect: {
    nickname: nickname(),
    username: text('Username'),
    password: secret('Password'),
    customer_account_number: identifier('Customer account number'),
  },
})
