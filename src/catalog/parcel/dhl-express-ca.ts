import { defineCarrier } from '../define.ts'
import { identifier, nickname } from '../fields.ts'

export default defineCarrier({
  id: 'dhl_express_ca',
  name: 'dhl_express_ca',
  aliases: ['dhl_express_canada'],
  title: 'DHL Express Canada',
  countries: ['CA'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_dhl_express_ca_request_body)',
  connect: {
    nickname: nickname(),
    account_number: identifier('Account number'),
  },
})
