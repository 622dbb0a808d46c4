import { defineCarrier, platformWallet } from '../define.ts'
import { nickname } from '../fields.ts'

export default defineCarrier({
  id: 'dpd_germany_walleted',
  name: 'dpd_germany_walleted',
  title: 'DPD Germany from ShipStation',
  countries: ['DE'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/setup',
  closed: platformWallet(),
  connect: { nickname: nickname() },
})
