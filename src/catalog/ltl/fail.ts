import { defineLtlCarrier } from '../define.ts'
import { anyCredentials } from '../fields.ts'

export default defineLtlCarrier({
  id: 'FAIL',
  scacs: ['FAIL'],
  title: 'Test Carrier (failure)',
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/ltl/sandbox-testing',
  credentials: anyCredentials,
  demands: 'none',
  form: 'documented',
  sandbox: { answer: 'refuses' },
})
