import { defineCarrier } from '../define.ts'
import { identifier, nickname, optional, secret, text } from '../fields.ts'

export default defineCarrier({
  id: 'asendia_uk',
  name: 'asendia_uk',
  title: 'Asendia UK',
  countries: ['GB'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/carriers/asendia-uk',
  connect: {
    nickname: nickname(),
    sub_retailer_name: identifier('Sub retailer name'),
    parcel_code_prefix: text('Parcel code prefix'),
    eu_api_key: optional(secret('EU API key')),
  },
})
