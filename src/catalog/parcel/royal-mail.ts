import { defineCarrier } from '../define.ts'
import { identifier, nickname, optional, text } from '../fields.ts'

export default defineCarrier({
  id: 'royal_mail',
  name: 'royal_mail',
  title: 'Royal Mail',
  countries: ['GB'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_royal_mail_request_body)',
  connect: {
    account_number: identifier('Account number'),
    oba_email: optional(text('OBA e-mail', { minLength: 1, format: 'email' })),
    contact_name: text('Contact name'),
    email: optional(text('E-mail', { minLength: 1, format: 'email' })),
    company_name: optional(text('Company name', { minLength: 1 })),
    street_line1: optional(text('Street line 1', { minLength: 1 })),
    street_line2: optional(text('Street line 2', { minLength: 1 })),
    street_line3: optional(text('Street line 3', { minLength: 1 })),
    city: text('City'),
    postal_code: text('Postal code'),
    phone: optional(text('Phone', { minLength: 1 })),
    nickname: nickname(),
  },
})
