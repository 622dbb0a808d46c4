import { defineLtlCarrier } from '../define.ts'
import { secret, text } from '../fields.ts'

export default defineLtlCarrier({
  id: 'SMCA',
  scacs: ['SMCA'],
  title: 'SMC3 Demo Carrier',
  docs: 'public transcript of the SMC3 EVA carrier list; no page of the LTL API names this carrier',
  credentials: {
    username: text('Username'),
    password: secret('Password'),
  },
  demands: 'all',
  form: 'documented',
  sandbox: { answer: 'accepts' },
})
