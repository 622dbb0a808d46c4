import { defineCarrier } from '../define.ts'
import { choice, flag, identifier, nickname, optional, secret } from '../fields.ts'

export default defineCarrier({
  id: 'hermes_germany',
  name: 'hermes_germany',
  title: 'Hermes Germany',
  countries: ['DE'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/hermes-germany-guide',
  connect: {
    nickname: nickname(),
    username: identifier('Username'),
    password: secret('Password'),
    pickup_window_slot: choice('Pickup window slot', [
      'BETWEEN_10_AND_13',
      'BETWEEN_12_AND_15',
      'BETWEEN_14_AND_17',
    ]),
    api_language: optional(choice('API language', ['DE', 'EN'])),
    test_credentials: flag('Test credentials'),
  },
})
