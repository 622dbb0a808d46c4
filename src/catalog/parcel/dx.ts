import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret, text } from '../fields.ts'

export default defineCarrier({
  id: 'dx',
  name: 'dx',
  title: 'DX',
  countries: ['GB'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/dx-guide',
  connect: {
    nickname: nickname(),
    accountCode: identifier('Account code'),
    username: text('Username'),
    password: secret('Password'),
  },
})
