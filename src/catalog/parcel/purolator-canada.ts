import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret } from '../fields.ts'

export default defineCarrier({
  id: 'purolator_canada',
  name: 'purolator_canada',
  aliases: ['purolator'],
  title: 'Purolator Canada',
  countries: ['CA'],
  docs: 'https://github.com/ShipEngine/shipengine-openapi (connect_purolator_request_body)',
  manifest: {
    requirement: 'required',
    source: 'https://help.postmen.com/hc/en-us/articles/115010595067-Purolator-Print-Manifest',
  },
  connect: {
    account_number: identifier('Account number'),
    activation_key: secret('Activation key'),
    nickname: nickname(),
  },
})
