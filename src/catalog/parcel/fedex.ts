import { defineCarrier } from '../define.ts'
import {
  ENDORSEMENTS,
  LONGEST_IMAGE,
  choice,
  identifier,
  nickname,
  optional,
  primary,
  terms,
  text,
} from '../fields.ts'
import { fedexQuote } from '../recipes/fedex-quote.ts'
import { SMART_POST_HUBS, codes } from './fedex.codes.ts'

export default defineCarrier({
  id: 'fedex',
  name: 'fedex',
  title: 'FedEx',
  countries: ['US', 'CA', 'AU', 'NZ'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_fedex_request_body)',
  manifest: { requirement: 'optional', source: 'https://developer.fedex.com/api/en-vi/catalog/close.html' },
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
  settings: {
    nickname: optional(nickname()),
    pickup_type: optional(
      choice('Pickup type', [
        'none',
        'regular_pickup',
        'request_courier',
        'drop_box',
        'business_service_center',
        'station',
      ]),
    ),
    smart_post_hub: optional(choice('SmartPost hub', SMART_POST_HUBS)),
    smart_post_endorsement: optional(choice('SmartPost endorsement', ENDORSEMENTS)),
    is_primary_account: primary(),
    signature_image: optional(text('Signature image', { maxLength: LONGEST_IMAGE })),
    letterhead_image: optional(text('Letterhead image', { maxLength: LONGEST_IMAGE })),
  },
  verify: fedexQuote({
    source: 'https://developer.fedex.com/api/en-us/catalog/rate/v1/docs.html',
    title: 'FedEx',
    path: '/rate/v1/rates/quotes',
    quote: () => ({
      requestedShipment: {
        shipper: { address: { postalCode: '38116', countryCode: 'US' } },
        recipient: { address: { postalCode: '10001', countryCode: 'US' } },
        pickupType: 'DROPOFF_AT_FEDEX_LOCATION',
        rateRequestType: ['ACCOUNT'],
        requestedPackageLineItems: [{ weight: { units: 'LB', value: 1 } }],
      },
    }),
  }),
  traits: { has_multi_package_supporting_services: true, supports_label_messages: true },
  ...codes,
})
