import { defineCarrier, platformWallet } from '../define.ts'
import { nickname } from '../fields.ts'

export default defineCarrier({
  id: 'hermes',
  name: 'hermes',
  title: 'EVRi from ShipStation',
  countries: ['GB'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/setup',
  closed: platformWallet(),
  connect: { nickname: nickname() },
})
