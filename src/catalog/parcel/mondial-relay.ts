import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret } from '../fields.ts'

export default defineCarrier({
  id: 'mondial_relay',
  name: 'mondial_relay',
  title: 'Mondial Relay',
  countries: ['FR'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/reference/carriers/update-carrier',
  connect: {
    nickname: nickname(),
    api_key: secret('API key', { minLength: 8 }),
    enseigne: identifier('Enseigne'),
  },
})
