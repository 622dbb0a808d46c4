import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret, text } from '../fields.ts'
import { verify } from './canada-post.verify.ts'

export default defineCarrier({
  id: 'canada_post',
  name: 'canada_post',
  title: 'Canada Post',
  countries: ['CA'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_canada_post_request_body)',
  manifest: {
    requirement: 'required',
    source:
      'https://www.canadapost-postescanada.ca/info/mc/business/productsservices/developers/services/shippingmanifest/soap/createshipment.jsf',
  },
  connect: {
    nickname: nickname(),
    api_key: secret('API key'),
    api_secret: secret('API secret'),
    account_number: identifier('Account number'),
    contract_id: text('Contract id'),
  },
  verify,
})
