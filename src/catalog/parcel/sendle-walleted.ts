import { defineCarrier, platformWallet } from '../define.ts'
import { nickname } from '../fields.ts'

export default defineCarrier({
  id: 'sendle_walleted',
  name: 'sendle_walleted',
  title: 'Sendle from ShipStation',
  countries: ['AU', 'US'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/setup',
  closed: platformWallet(),
  connect: { nickname: nickname() },
})
