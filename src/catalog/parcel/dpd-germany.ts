import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret } from '../fields.ts'

export default defineCarrier({
  id: 'dpd_germany',
  name: 'dpd_germany',
  title: 'DPD Germany',
  countries: ['DE'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/dpd-de-guide',
  connect: {
    nickname: nickname(),
    username: identifier('Username'),
    password: secret('Password'),
  },
})
