import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret, text } from '../fields.ts'

export default defineCarrier({
  id: 'dhl_express_uk',
  name: 'dhl_express_uk',
  title: 'DHL Express UK',
  countries: ['GB'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_dhl_express_uk_request_body)',
  manifest: {
    requirement: 'none',
    source: 'https://support.starshipit.com/hc/en-us/articles/360001997955-Manifesting-FAQ',
  },
  connect: {
    account_number: identifier('Account number'),
    site_id: text('Site id'),
    password: secret('Password'),
    nickname: nickname(),
  },
})
