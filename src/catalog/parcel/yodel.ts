import { defineCarrier } from '../define.ts'
import { flag, identifier, nickname, secret, text } from '../fields.ts'

export default defineCarrier({
  id: 'yodel',
  name: 'yodel',
  title: 'Yodel',
  countries: ['GB'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/yodel-guide',
  connect: {
    nickname: nickname(),
    user_id: text('User id'),
    password: secret('Password'),
    account_id: identifier('Account id'),
    is_test_account: flag('Is test account'),
  },
})
