import { defineCarrier } from '../define.ts'
import { identifier, nickname, optional, terms, text } from '../fields.ts'

export default defineCarrier({
  id: 'fedex_uk',
  name: 'fedex_uk',
  title: 'FedEx UK',
  countries: ['GB'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_fedex_uk_request_body)',
  manifest: {
    requirement: 'none',
    source:
      'http://www.fedex.com/us/developer/product/WebServices/MyWebHelp/Utilities/c_CloseShipmentGroundService.html',
  },
  connect: {
    account_number: identifier('Account number'),
    address1: text('Address line 1'),
    address2: optional(text('Address line 2', { minLength: 1 })),
    city: text('City'),
    company: optional(text('Company', { minLength: 1 })),
    country_code: text('Country code'),
    email: text('E-mail', { format: 'email' }),
    first_name: text('First name'),
    last_name: text('Last name'),
    phone: text('Phone'),
    postal_code: text('Postal code'),
    state: text('State'),
    nickname: nickname(),
    agree_to_eula: terms('Agreement to the licence terms'),
    meter_number: optional(text('Meter number', { minLength: 1 })),
  },
})
