import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret } from '../fields.ts'

export default defineCarrier({
  id: 'ontrac',
  name: 'ontrac',
  title: 'OnTrac',
  countries: ['US'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_ontrac_request_body)',
  connect: {
    nickname: nickname(),
    account_number: identifier('Account number'),
    password: secret('Password'),
  },
})
