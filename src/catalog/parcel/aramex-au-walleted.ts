import { defineCarrier, platformWallet } from '../define.ts'
import { nickname } from '../fields.ts'

export default defineCarrier({
  id: 'aramex_au_walleted',
  name: 'aramex_au_walleted',
  title: 'Aramex Australia from ShipStation',
  countries: ['AU'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/setup',
  closed: platformWallet(),
  connect: { nickname: nickname() },
})
