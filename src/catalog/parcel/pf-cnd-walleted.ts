import { defineCarrier, platformWallet } from '../define.ts'
import { nickname } from '../fields.ts'

export default defineCarrier({
  id: 'pf_cnd_walleted',
  name: 'pf_cnd_walleted',
  title: 'Parcelforce Royal Mail from ShipStation',
  countries: ['GB'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/setup',
  closed: platformWallet(),
  connect: { nickname: nickname() },
})
