import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret } from '../fields.ts'
import { codes } from './stamps-com.codes.ts'
import { verify } from './stamps-com.verify.ts'

export default defineCarrier({
  id: 'stamps_com',
  name: 'stamps_com',
  title: 'Stamps.com',
  countries: ['US'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/reference/carriers/update-carrier',
  manifest: { requirement: 'optional', source: 'https://goshippo.com/docs/manifests/' },
  connect: {
    nickname: nickname(),
    username: identifier('Username'),
    password: secret('Password'),
  },
  verify,
  traits: { requires_funded_amount: true, supports_label_messages: true },
  ...codes,
})
