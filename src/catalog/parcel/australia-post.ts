import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret } from '../fields.ts'
import { verify } from './australia-post.verify.ts'

export default defineCarrier({
  id: 'australia_post',
  name: 'australia_post',
  title: 'Australia Post',
  countries: ['AU'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_australia_post_request_body)',
  manifest: {
    requirement: 'required',
    source: 'https://help.shipengine.com/hc/en-us/articles/4406863423131-Australia-Post-eParcel',
  },
  connect: {
    account_number: identifier('Account number'),
    api_key: secret('API key'),
    api_secret: secret('API secret'),
    nickname: nickname(),
  },
  verify,
})
