import { defineCarrier } from '../define.ts'
import { nickname, secret } from '../fields.ts'

export default defineCarrier({
  id: 'epg_shipping',
  name: 'epg_shipping',
  title: 'ePost Global',
  countries: ['US'],
  docs: 'https://docs.shipstation.com/apis/docs/carriers/epost-global-guide',
  connect: {
    nickname: nickname(),
    token: secret('Token'),
  },
})
