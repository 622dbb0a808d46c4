import { defineCarrier } from '../define.ts'
import { nickname, secret } from '../fields.ts'

export default defineCarrier({
  id: 'amazon_shipping_uk',
  name: 'amazon_shipping_uk',
  title: 'Amazon Shipping UK',
  countries: ['GB'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_amazon_shipping_uk)',
  connect: {
    nickname: nickname(),
    auth_code: secret('Auth code'),
  },
  cannotUpdate: 'its authorization code can be used only once',
})
