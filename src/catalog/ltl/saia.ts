import { defineLtlCarrier } from '../define.ts'
import { identifier, secret, text } from '../fields.ts'

export default defineLtlCarrier({
  id: 'SAIA',
  scacs: ['SAIA'],
  title: 'Saia LTL Freight',
  docs: 'public C# client of the LTL API; no page names the fields',
  credentials: {
    username: text('Username'),
    password: secret('Password'),
    account_number: identifier('Account number'),
  },
  demands: 'all',
  form: 'documented',
})
