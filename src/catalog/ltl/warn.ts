import { defineLtlCarrier } from '../define.ts'
import { anyCredentials } from '../fields.ts'

export default defineLtlCarrier({
  id: 'WARN',
  scacs: ['WARN'],
  title: 'Test Carrier (warning)',
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/ltl/sandbox-testing',
  credentials: anyCredentials,
  demands: 'none',
  form: 'documented',
  sandbox: { answer: 'warns' },
})
