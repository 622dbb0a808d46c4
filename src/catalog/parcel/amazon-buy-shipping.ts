import { defineCarrier } from '../define.ts'
import { identifier, nickname, optional, secret, text } from '../fields.ts'

export default defineCarrier({
  id: 'amazon_buy_shipping',
  name: 'amazon_buy_shipping',
  title: 'Amazon Buy Shipping',
  countries: ['US'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_amazon_buy_shipping_request_body)',
  manifest: {
    requirement: 'external',
    source: 'https://help.skulabs.com/en/articles/900939-shipping-manifests',
  },
  connect: {
    nickname: nickname(),
    merchant_seller_id: identifier('Seller id'),
    mws_auth_token: secret('MWS auth token'),
    email: text('E-mail', { format: 'email' }),
  },
  settings: {
    email: optional(text('E-mail', { minLength: 1 })),
  },
})
