import { defineLtlCarrier } from '../define.ts'
import { anyCredentials } from '../fields.ts'

export default defineLtlCarrier({
  id: 'ABFS',
  scacs: ['ABFS'],
  title: 'ABF Freight Systems Inc.',
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/ltl/supported-carriers.md',
  credentials: anyCredentials,
  demands: 'some',
  form: 'generic',
  features: ['auto_pro', 'documents', 'quote', 'scheduled_pickup', 'spot_quote', 'tracking'],
})
