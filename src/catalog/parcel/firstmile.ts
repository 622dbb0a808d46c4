import { defineCarrier } from '../define.ts'
import { identifier, nickname, optional, secret, text } from '../fields.ts'

export default defineCarrier({
  id: 'firstmile',
  name: 'firstmile',
  title: 'FirstMile',
  countries: ['US'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_firstmile_request_body)',
  connect: {
    nickname: nickname(),
    mailer_id: identifier('Mailer id'),
    profile_name: optional(text('Profile name', { minLength: 1 })),
    password: secret('Password'),
  },
})
