import { defineLtlCarrier } from '../define.ts'
import { anyCredentials } from '../fields.ts'

export default defineLtlCarrier({
  id: 'DAYR',
  scacs: ['DAYR', 'DYRR', 'SDCR'],
  title: 'Day & Ross',
  docs: 'https://docs.shipstation.com/apis/shipengine/docs/ltl/supported-carriers.md',
  credentials: anyCredentials,
  demands: 'some',
  form: 'generic',
})
