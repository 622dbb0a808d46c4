import { defineCarrier } from '../define.ts'
import { nickname, secret } from '../fields.ts'

export default defineCarrier({
  id: 'seko',
  name: 'seko',
  title: 'SEKO Omni-Channel',
  countries: ['US', 'GB', 'AU'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_seko_request_body)',
  manifest: { requirement: 'external', source: 'https://www.shipengine.com/docs/carriers/seko-omnichannel' },
  connect: {
    nickname: nickname(),
    access_key: secret('Access key'),
  },
})
