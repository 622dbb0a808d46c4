import { defineLtlCarrier } from '../define.ts'
import { identifier, secret, text } from '../fields.ts'

export default defineLtlCarrier({
  id: 'CNWY',
  scacs: ['CNWY', 'XPOL', 'XPO'],
  title: 'XPO',
  docs: 'public C# client of the LTL API; no page names the fields',
  credentials: {
    username: text('Username'),
    password: secret('Password'),
    key: secret('Key'),
    account_number: identifier('Account number'),
  },
  demands: 'all',
  form: 'documented',
})
