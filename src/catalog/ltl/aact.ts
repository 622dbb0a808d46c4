import { defineLtlCarrier } from '../define.ts'
import { anyCredentials } from '../fields.ts'

export default defineLtlCarrier({
  id: 'AACT',
  scacs: ['AACT'],
  title: 'AAA Cooper Transportation',
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/ltl/supported-carriers.md',
  credentials: anyCredentials,
  demands: 'some',
  form: 'generic',
  features: ['auto_pro', 'documents', 'quote', 'scheduled_pickup', 'tracking'],
})
