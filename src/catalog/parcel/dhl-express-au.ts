import { defineCarrier } from '../define.ts'
import { identifier, nickname } from '../fields.ts'

export default defineCarrier({
  id: 'dhl_express_au',
  name: 'dhl_express_au',
  title: 'DHL Express Australia',
  countries: ['AU'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_dhl_express_au_request_body)',
  manifest: {
    requirement: 'none',
    source: 'https://support.starshipit.com/hc/en-us/articles/360001997955-Manifesting-FAQ',
  },
  connect: {
    nickname: nickname(),
    account_number: identifier('Account number'),
  },
})
