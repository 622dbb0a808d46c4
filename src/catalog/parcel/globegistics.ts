import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret } from '../fields.ts'

export default defineCarrier({
  id: 'globegistics',
  name: 'globegistics',
  title: 'Globegistics',
  countries: ['US'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (history)',
  closed: { kind: 'retired', reason: 'Globegistics was withdrawn from the public API on 2022-10-24.' },
  connect: {
    nickname: nickname(),
    username: identifier('Username'),
    password: secret('Password'),
  },
})
