import { simulateFedex } from '../fedex-quote.ts'

/** Quotes for parcels of FedEx accounts. */
export default simulateFedex({
  carrier: 'fedex',
  path: '/rate/v1/rates/quotes',
  serviceType: 'FEDEX_GROUND',
})
