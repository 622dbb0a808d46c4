import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret } from '../fields.ts'

export default defineCarrier({
  id: 'dpd',
  name: 'dpd',
  title: 'DPD UK',
  countries: ['GB'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_dpd_request_body)',
  connect: {
    account_number: identifier('Account number'),
    password: secret('Password'),
    nickname: nickname(),
  },
})
