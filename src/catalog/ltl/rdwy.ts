import { defineLtlCarrier } from '../define.ts'
import { anyCredentials } from '../fields.ts'

export default defineLtlCarrier({
  id: 'RDWY',
  scacs: ['RDWY', 'YKWF'],
  title: 'YRC Freight',
  docs: 'public transcript of the SMC3 EVA carrier list; no page of the LTL API names this carrier',
  closed: {
    kind: 'retired',
    reason: 'YRC Freight ceased operations on 2023-07-30, with the rest of Yellow Corporation.',
  },
  credentials: anyCredentials,
  demands: 'some',
  form: 'generic',
})
