import { defineCarrier } from '../define.ts'
import { identifier, nickname, optional, secret, text } from '../fields.ts'

export default defineCarrier({
  id: 'gls_germany_shipit',
  name: 'gls_germany_shipit',
  title: 'GLS Germany ShipIt',
  countries: ['DE'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/gls-germany-shipit-guide',
  connect: {
    nickname: nickname(),
    client_id: text('Client id'),
    client_secret: secret('Client secret'),
    contact_id: identifier('Contact id'),
    portal_username: optional(text('Portal username')),
    portal_password: optional(secret('Portal password')),
    customer_id: optional(text('Customer id')),
    webhook_contact_id: optional(text('Webhook contact id')),
  },
})
