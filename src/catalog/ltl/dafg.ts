import { defineLtlCarrier } from '../define.ts'
import { anyCredentials } from '../fields.ts'

export default defineLtlCarrier({
  id: 'DAFG',
  scacs: ['DAFG'],
  title: 'Dayton Freight Lines',
  docs: 'public transcript of the SMC3 EVA carrier list; no page of the LTL API names this carrier',
  credentials: anyCredentials,
  demands: 'some',
  form: 'generic',
})
