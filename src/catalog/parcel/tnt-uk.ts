import { defineCarrier } from '../define.ts'
import { identifier, nickname, optional, secret, text } from '../fields.ts'

export default defineCarrier({
  id: 'tnt_uk',
  name: 'tnt_uk',
  title: 'TNT UK',
  countries: ['GB'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/tnt-uk-guide',
  connect: {
    nickname: nickname(),
    username: identifier('Username'),
    password: secret('Password'),
    country: text('Country'),
    domestic_account: optional(text('Domestic account')),
    international_account: optional(text('International account')),
  },
})
