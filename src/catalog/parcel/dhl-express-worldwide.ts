import { defineCarrier, platformWallet } from '../define.ts'
import { nickname } from '../fields.ts'

export default defineCarrier({
  id: 'dhl_express_worldwide',
  name: 'dhl_express_worldwide',
  title: 'DHL Express from ShipStation',
  countries: ['US'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/setup',
  closed: platformWallet(),
  connect: { nickname: nickname() },
})
