import { defineLtlCarrier } from '../define.ts'
import { identifier, optional, secret } from '../fields.ts'
import { verify } from './fxfe.verify.ts'

export default defineLtlCarrier({
  id: 'FXFE',
  scacs: ['FXFE', 'FXFC', 'FXFO', 'FXFR', 'FXNL', 'FXNR'],
  title: 'FedEx Freight',
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/ltl/get-credential-requirements',
  credentials: {
    account_number: optional(identifier('Account number')),
    key: optional(secret('Key')),
    password: optional(secret('Password')),
    secret: optional(secret('Secret')),
    securitycode: optional(identifier('Security code')),
    username: optional(identifier('Username')),
  },
  demands: [
    ['key', 'account_number'],
    ['account_number', 'key', 'password', 'secret', 'securitycode', 'username'],
  ],
  form: 'documented',
  verify,
})
