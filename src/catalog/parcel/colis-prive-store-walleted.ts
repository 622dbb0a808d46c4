import { defineCarrier, platformWallet } from '../define.ts'
import { nickname } from '../fields.ts'

export default defineCarrier({
  id: 'colis_prive_store_walleted',
  name: 'colis_prive_store_walleted',
  title: 'Colis Prive from ShipStation',
  countries: ['FR'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/setup',
  closed: platformWallet(),
  connect: { nickname: nickname() },
})
