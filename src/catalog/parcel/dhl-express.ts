import { option, service } from '../codes.ts'
import { defineCarrier } from '../define.ts'
import { countryCode, flag, identifier, nickname, optional, primary, secret, text } from '../fields.ts'
import { verify } from './dhl-express.verify.ts'

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
  verify,
})
