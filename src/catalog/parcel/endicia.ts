import { defineCarrier } from '../define.ts'
import { identifier, nickname, secret } from '../fields.ts'
import { codes } from './endicia.codes.ts'
import { verify } from './endicia.verify.ts'

export default defineCarrier({
  id: 'endicia',
  name: 'endicia',
  title: 'Endicia',
  countries: ['US'],
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/reference/carriers/update-carrier',
  manifest: { requirement: 'optional', source: 'https://www.ecommercebytes.com/cab/cab/abn/y11/m02/i07/s01' },
  connect: {
    nickname: nickname(),
    account: identifier('Account'),
    passphrase: secret('Passphrase'),
  },
  verify,
  traits: { requires_funded_amount: true, supports_label_messages: true },
  ...codes,
})
