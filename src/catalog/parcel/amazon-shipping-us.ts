import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret } from '../fields.ts'

export default defineCarrier({
  id: 'amazon_shipping_us',
  name: 'amazon_shipping_us',
  title: 'Amazon Shipping US',
  countries: ['US'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (history)',
  connect: {
    nickname: nickname(),
    auth_code: secret('Auth code'),
    merchant_seller_id: identifier('Seller id'),
    mws_auth_token: secret('MWS auth token'),
  },
  cannotUpdate: 'its authorization code can be used only once',
})
