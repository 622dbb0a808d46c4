import { option, service } from '../codes.ts'
import { defineCarrier } from '../define.ts'
import { countryCode, flag, identifier, nickname, optional, primary, secret, text } from '../fields.ts'
import { basicAuth } from '../recipes/basic-auth.ts'
import { probe } from '../recipes/probe.ts'
import { all, anyCode, either, fact, refusal, rule, status } from '../recipes/rules.ts'

export default defineCarrier({
  id: 'dhl_express',
  name: 'dhl_express',
  title: 'DHL Express',
  countries: ['US', 'NZ'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_dhl_express_request_body)',
  manifest: {
    requirement: 'none',
    source: 'https://support.starshipit.com/hc/en-us/articles/360001997955-Manifesting-FAQ',
  },
  connect: {
    nickname: nickname(),
    account_number: identifier('Account number'),
    site_id: optional(text('Site id', { minLength: 1 })),
    password: optional(secret('Password')),
    country_code: optional(countryCode('Country code')),
  },
  settings: {
    nickname: optional(nickname()),
    should_hide_account_number_on_archive_doc: flag('Hide account number on archive document'),
    is_primary_account: primary(),
  },
  together: [['site_id', 'password']],
  spellings: { regCountry: 'country_code' },
  services: [
    service('express_worldwide', 'Express Worldwide', 'international'),
    service('express_envelope', 'Express Envelope', 'international'),
  ],
  options: [option('delivered_duty_paid'), option('non_machinable'), option('saturday_delivery')],
  codeSources: [
    'https://github.com/dregraham/ShipWorks (DhlExpressServiceType, DhlExpressShipmentRequestFactory)',
  ],
  verify: probe({
    source:
      'https://developer.dhl.com/api-reference/dhl-express-mydhl-api; https://github.com/karrioapi/karrio (modules/connectors/mydhl)',
    host: 'express.api.dhl.com',
    needs: ['site_id', 'password'],
    login: 'site_id',
    url: 'https://express.api.dhl.com/mydhlapi/address-validate?type=delivery&countryCode=US&postalCode=10001',
    headers: ({ values }) => ({
      accept: 'application/json',
      authorization: basicAuth(values.site_id, values.password),
    }),
    format: 'json',
    // The problem documents of the API itself, which only an authenticated request reaches.
    codes: ['title', 'detail', 'message'],
    facts: ['address[].countryCode'],
    rules: [
      rule(
        status(401),
        'invalid_credentials',
        'DHL Express does not accept this site id with this password.',
      ),
      rule(status(403), 'not_entitled', 'DHL Express does not let these credentials use the MyDHL API.'),
      rule(
        either(
          all(
            status(200),
            fact('address[].countryCode', (country) => country !== undefined),
          ),
          all(refusal, anyCode),
        ),
        'verified',
        'DHL Express accepts the site id and the password; the account number was not asked about.',
      ),
    ],
  }),
})
