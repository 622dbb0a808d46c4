import { defineCarrier, platformWallet } from '../define.ts'
import { nickname } from '../fields.ts'

export default defineCarrier({
  id: 'poste_italiane_walleted',
  name: 'poste_italiane_walleted',
  title: 'Poste Italiane from ShipStation',
  countries: ['IT'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/setup',
  closed: platformWallet(),
  connect: { nickname: nickname() },
})
