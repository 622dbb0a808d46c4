import { simulateFedex } from '../fedex-quote.ts'

/** Answers quotes for parcels of FedEx accounts. */
export default simulateFedex({
  carrier: 'fedex',
  path: '/rate/v1/rates/quotes',
  serviceType: 'FEDEX_GROUND',
})
