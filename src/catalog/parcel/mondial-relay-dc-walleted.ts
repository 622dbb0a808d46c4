import { defineCarrier, platformWallet } from '../define.ts'
import { nickname } from '../fields.ts'

export default defineCarrier({
  id: 'mondial_relay_dc_walleted',
  name: 'mondial_relay_dc_walleted',
  title: 'Mondial Relay from ShipStation',
  countries: ['FR'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/setup',
  closed: platformWallet(),
  connect: { nickname: nickname() },
})
