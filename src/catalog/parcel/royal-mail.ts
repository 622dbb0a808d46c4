import { defineCarrier } from '../define.ts'
import { identifier, nickname, optional, secret, text } from '../fields.ts'
import { probe } from '../recipes/probe.ts'
import { all, anyCode, rule, status } from '../recipes/rules.ts'

export default defineCarrier({
  id: 'royal_mail',
  name: 'royal_mail',
  title: 'Royal Mail',
  countries: ['GB'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_royal_mail_request_body)',
  manifest: {
    requirement: 'required',
    source: 'https://help.shipstation.co.uk/hc/en-gb/articles/360025417411-Royal-Mail',
  },
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
    api_key: optional(secret('Click & Drop API key', { extension: true })),
  },
  verify: probe({
    source:
      'https://api.parcel.royalmail.com/doc/v1/click-and-drop-api-v1.yaml; https://github.com/niccokunzmann/python-royal-mail-click-and-drop-api (docs/CarriersApi.md)',
    host: 'api.parcel.royalmail.com',
    needs: ['api_key'],
    login: 'api_key',
    url: 'https://api.parcel.royalmail.com/api/v1/carriers',
    headers: ({ values }) => ({ accept: 'application/json', authorization: String(values.api_key) }),
    format: 'json',
    codes: ['[].carrierGuid', '[].carrierName'],
    rules: [
      rule(
        all(status(200), anyCode),
        'verified',
        'Royal Mail accepts the Click & Drop API key; the account number was not asked about.',
      ),
      rule(status(401), 'invalid_credentials', 'Royal Mail does not accept this Click & Drop API key.'),
      rule(status(403), 'not_entitled', 'Royal Mail does not let this Click & Drop API key list carriers.'),
      rule(status(500), 'unavailable', 'Royal Mail’s system fails at the moment.'),
    ],
  }),
})
