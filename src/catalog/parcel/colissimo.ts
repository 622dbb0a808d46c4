import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret } from '../fields.ts'
import { verify } from './colissimo.verify.ts'

export default defineCarrier({
  id: 'colissimo',
  name: 'colissimo',
  title: 'Colissimo',
  countries: ['FR'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/reference/carriers/update-carrier',
  connect: {
    nickname: nickname(),
    username: identifier('Username'),
    password: secret('Password'),
  },
  verify,
})
