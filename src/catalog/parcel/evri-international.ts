import { defineCarrier } from '../define.ts'
import { nickname, secret } from '../fields.ts'

export default defineCarrier({
  id: 'evri_international',
  name: 'evri_international',
  title: 'EVRi International',
  countries: ['GB'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/evri-international',
  connect: {
    nickname: nickname(),
    api_key: secret('API key'),
  },
})
