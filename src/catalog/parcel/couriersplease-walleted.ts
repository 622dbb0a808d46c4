import { defineCarrier, platformWallet } from '../define.ts'
import { nickname } from '../fields.ts'

export default defineCarrier({
  id: 'couriersplease_walleted',
  name: 'couriersplease_walleted',
  title: 'CouriersPlease from ShipStation',
  countries: ['AU'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/setup',
  closed: platformWallet(),
  connect: { nickname: nickname() },
})
