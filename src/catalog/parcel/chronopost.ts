import { defineCarrier } from '../define.ts'
import { group, identifier, nickname, optional, secret, text } from '../fields.ts'
import { verify } from './chronopost.verify.ts'

export default defineCarrier({
  id: 'chronopost',
  name: 'chronopost',
  title: 'Chronopost',
  countries: ['FR'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/reference/carriers/update-carrier',
  connect: {
    nickname: nickname(),
    account_number: identifier('Account number'),
    password: secret('Password'),
    injection_address_heading: group('Injection address heading', {
      title: optional(text('Title', { maxLength: 13 })),
      name: optional(text('Name', { maxLength: 100 })),
      company: optional(text('Company', { maxLength: 100 })),
      address1: optional(text('Address line 1', { maxLength: 38 })),
      address2: optional(text('Address line 2', { maxLength: 38 })),
      city: optional(text('City', { maxLength: 50 })),
      postal_code: optional(text('Postal code', { maxLength: 9 })),
      country: optional(text('Country', { maxLength: 2 })),
      contact_name: optional(text('Contact name', { maxLength: 100 })),
      email: optional(text('E-mail', { maxLength: 80 })),
      phone: optional(text('Phone', { maxLength: 17 })),
    }),
  },
  spellings: {
    title: 'injection_address_heading.title',
    name: 'injection_address_heading.name',
    company: 'injection_address_heading.company',
    address1: 'injection_address_heading.address1',
    address2: 'injection_address_heading.address2',
    city: 'injection_address_heading.city',
    postal_code: 'injection_address_heading.postal_code',
    country: 'injection_address_heading.country',
    contact_name: 'injection_address_heading.contact_name',
    email: 'injection_address_heading.email',
    phone: 'injection_address_heading.phone',
  },
  verify,
})
