import { defineLtlCarrier } from '../define.ts'
import { identifier, secret, text } from '../fields.ts'

export default defineLtlCarrier({
  id: 'ODFL',
  scacs: ['ODFL'],
  title: 'Old Dominion Freight Line',
  docs: 'public C# client of the LTL API; no page names the fields',
  credentials: {
    username: text('Username'),
    password: secret('Password'),
    account_number: identifier('Account number'),
  },
  demands: 'all',
  form: 'documented',
})
