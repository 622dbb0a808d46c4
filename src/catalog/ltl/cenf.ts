import { defineLtlCarrier } from '../define.ts'
import { anyCredentials } from '../fields.ts'

export default defineLtlCarrier({
  id: 'CENF',
  scacs: ['CENF'],
  title: 'Central Freight Lines',
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/ltl/supported-carriers.md',
  closed: {
    kind: 'retired',
    reason: 'Central Freight Lines stopped picking up freight on 2021-12-13 and wound down that month.',
  },
  credentials: anyCredentials,
  demands: 'some',
  form: 'generic',
  features: ['auto_pro', 'quote', 'scheduled_pickup', 'spot_quote', 'tracking'],
})
