import { defineCarrier, platformWallet } from '../define.ts'
import { nickname } from '../fields.ts'

export default defineCarrier({
  id: 'yodel_walleted',
  name: 'yodel_walleted',
  title: 'InPost from ShipStation',
  countries: ['GB'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/setup',
  closed: platformWallet(),
  connect: { nickname: nickname() },
})
