import { defineLtlCarrier } from '../define.ts'
import { anyCredentials } from '../fields.ts'

export default defineLtlCarrier({
  id: 'RLCA',
  scacs: ['RLCA'],
  title: 'R+L Carriers',
  docs: 'https://github.com/friendlycart/friendly_shipping (spec/cassettes/shipengine_ltl)',
  credentials: anyCredentials,
  demands: 'some',
  form: 'generic',
})
