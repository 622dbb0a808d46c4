import { defineLtlCarrier } from '../define.ts'
import { anyCredentials } from '../fields.ts'

export default defineLtlCarrier({
  id: 'CCYQ',
  scacs: ['CCYQ'],
  title: 'CrossCountry Freight Solutions',
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/ltl/supported-carriers.md',
  credentials: anyCredentials,
  demands: 'some',
  form: 'generic',
  features: ['documents', 'quote', 'scheduled_pickup', 'tracking'],
})
