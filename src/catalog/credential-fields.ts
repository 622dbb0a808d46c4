import type { Carrier, Fields } from './define.ts'

/** Returns the fields by which an account is first connected, whatever the carrier’s mode: the members of `credentials` for an LTL carrier, and the connect form for any other carrier. */
export const credentialFields = (carrier: Carrier): Fields =>
  carrier.mode === 'ltl' ? carrier.credentials : carrier.connect

/** Tells whether a carrier can be connected in an environment; some carriers exist in the sandbox only. */
export const isOffered = ({ sandbox }: Carrier, environment: 'production' | 'sandbox'): boolean =>
  !sandbox || environment === 'sandbox'
