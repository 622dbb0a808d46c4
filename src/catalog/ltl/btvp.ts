import { defineLtlCarrier } from '../define.ts'
import { anyCredentials } from '../fields.ts'

export default defineLtlCarrier({
  id: 'BTVP',
  scacs: ['BTVP'],
  title: 'Best Overnite Express',
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/ltl/supported-carriers.md',
  credentials: anyCredentials,
  demands: 'some',
  form: 'generic',
  features: ['quote', 'scheduled_pickup', 'tracking'],
})
